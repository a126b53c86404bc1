import type { JSX } from 'preact';

/** A path with its last part, which one reads first, set off from the folders. It breaks after a slash or in a name, not in an extension. */
export function PathName({ path }: { readonly path: string }): JSX.Element {
  const slash = path.lastIndexOf('/') + 1;
  return (
    <>
      {slash > 0 && <span class="path-folder">{path.slice(0, slash)}</span>}
      <FileName name={path.slice(slash)} />
    </>
  );
}

/** The last part of a path. */
export function FileName({ name }: { readonly name: string }): JSX.Element {
  const dot = name.lastIndexOf('.');
  const hasExtension = dot > 0 && name.length - dot <= 12;
  return (
    <span class="path-file">
      {hasExtension ? name.slice(0, dot) : name}
      {hasExtension && <span class="path-extension">{name.slice(dot)}</span>}
    </span>
  );
}
