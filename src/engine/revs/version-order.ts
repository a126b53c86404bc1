import { compareBytewise } from '../../base/index.js';

/** Sorts names of versions (`v1.10.0`, `release-2.0-rc.1`), the newest first; what comes before a release stands after it. */
export function newestFirst<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  const split = items.map((item) => ({ item, parts: nameOf(item).split(/(\d+)/) }));
  return split.sort((a, b) => compareParts(b.parts, a.parts)).map(({ item }) => item);
}

/** Text and numbers by turns. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] === b[i]) continue;
    if (i % 2 === 1) {
      const [one, other] = [a[i]!.replace(/^0+/, ''), b[i]!.replace(/^0+/, '')];
      const order = one.length - other.length || compareBytewise(one, other);
      if (order !== 0) return order;
    } else return (i === 0 ? 0 : stage(a[i]!) - stage(b[i]!)) || compareBytewise(a[i]!, b[i]!);
  }
  return a.length - b.length;
}

/** What follows a number: `-rc` and `beta` come before the version itself, `.1` after it. */
const stage = (text: string): number => (text === '' ? 1 : text.startsWith('.') ? 2 : 0);
