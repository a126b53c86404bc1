import type { JSX } from 'preact';

/** A path with its last part, which one reads first, set off from the folders. */
export function PathName({ path }: { readonly path: string }): JSX.Element {
  const slash = path.lastIndexOf('/') + 1;
  return (
    <>
      {slash > 0 && <span class="path-folder">{path.slice(0, slash)}</span>}
      <span class="path-file">{path.slice(slash)}</span>
    </>
  );
}
