/** Whether one version of the package came before another, as semver orders them. */
export function isOlder(version: string, other: string): boolean {
  const [a, b] = [parse(version), parse(other)];
  for (let i = 0; i < 3; i++) if (a.numbers[i] !== b.numbers[i]) return a.numbers[i]! < b.numbers[i]!;
  // Before a release come its pre-releases.
  if (a.pre === b.pre) return false;
  if (a.pre === '' || b.pre === '') return b.pre === '';
  return a.pre.localeCompare(b.pre, 'en', { numeric: true }) < 0;
}

function parse(version: string): { numbers: readonly number[]; pre: string } {
  const [core, ...pre] = version.split('+')[0]!.split('-');
  const parts = core!.split('.');
  return { numbers: [0, 1, 2].map((i) => Number.parseInt(parts[i] ?? '0', 10) || 0), pre: pre.join('-') };
}
