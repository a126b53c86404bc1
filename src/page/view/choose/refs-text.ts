const refsShown = 3;

const versions = new Intl.Collator('en', { numeric: true });
const isVersion = (ref: string): boolean => /\d+\.\d+/.test(ref);

/** Who has a line now: branches, and of its releases the first and the last. */
export function refsText(refs: readonly string[]): string {
  if (refs.length === 0) return 'in no branch or tag now';
  if (refs.length <= refsShown) return `in ${[...refs].sort(versions.compare).join(', ')}`;
  const releases = refs.filter(isVersion).sort(versions.compare);
  const others = refs.filter((ref) => !isVersion(ref)).sort(versions.compare);
  const named = others.slice(0, refsShown);
  const more = others.length > named.length ? [`${others.length - named.length} more`] : [];
  const first = releases[0];
  const span =
    releases.length > 1
      ? [`${releases.length} releases from ${first} to ${releases.at(-1)}`]
      : first === undefined
        ? []
        : [first];
  return `in ${[...named, ...more, ...span].join(', ')}`;
}
