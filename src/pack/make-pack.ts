import { randomBytes } from 'node:crypto';

import { CoppiceError, TimeSlices } from '../base/index.js';
import { MemoryFiles } from '../store/index.js';
import { noId, renumberSegments } from '../segment/index.js';
import type { IdKind, RenumberInput, Segment, SegmentList } from '../segment/index.js';
import { keyOfContentName } from '../text/index.js';
import { encodePack, idKinds, nonceBytes, ofKinds, packSegmentId } from './pack-format.js';
import type { Pack, PackDescription } from './pack-format.js';

/** What of a store goes into a pack. */
export interface PackSelection {
  doc(id: number): boolean;
  file(id: number): boolean;
  tree(id: number): boolean;
  commit(id: number): boolean;
}

export interface PackAbout {
  readonly repository: string;
  readonly rules: string;
  /** Leave the text out: it is in the blobs of whoever takes the pack. */
  readonly noText?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** What models say of chunks, those of the pack or others. */
  readonly descriptions?: readonly PackDescription[];
}

export interface MadePack {
  readonly name: string;
  readonly bytes: Buffer;
  readonly counts: Readonly<Record<IdKind, number>>;
}

const selects: Readonly<Record<IdKind, 'doc' | 'file' | 'tree' | 'commit'>> = {
  docs: 'doc',
  files: 'file',
  trees: 'tree',
  commits: 'commit',
};
const tables = { docs: 'docKeys', files: 'fileKeys', trees: 'treeKeys', commits: 'commitKeys' } as const;

/** Makes a pack of what is selected of a store. What that refers to and is not selected is imported. */
export async function makePack(list: SegmentList, selection: PackSelection, about: PackAbout): Promise<MadePack> {
  const slices = new TimeSlices(about.signal);
  const counts = ofKinds(() => 0);
  const numbered = await Promise.all(
    list.segments.map(async (segment) => {
      const numbers = {} as Record<IdKind, Int32Array>;
      for (const kind of idKinds) {
        if (slices.isOver) await slices.next();
        const [from, to] = segment.entry[kind];
        const own = new Int32Array(to - from).fill(noId);
        const isSelected = selects[kind];
        for (let at = 0; at < own.length; at++) if (selection[isSelected](from + at)) own[at] = 0;
        numbers[kind] = own;
      }
      return { segment, numbers };
    }),
  );
  // In order of the ids of each kind, which is the order of the segments.
  for (const { numbers } of numbered)
    for (const kind of idKinds) {
      const own = numbers[kind];
      for (let at = 0; at < own.length; at++) if (own[at] !== noId) own[at] = counts[kind]++;
    }
  const imports = new Imports(list, counts);
  const numberOf = (kind: IdKind, id: number): number => {
    const { segment, numbers } = numbered[segmentAt(list, kind, id)]!;
    return numbers[kind][id - segment.entry[kind][0]]!;
  };
  const refer = (kind: IdKind, id: number): number => {
    const number = numberOf(kind, id);
    return number === noId ? imports.number(kind, id) : number;
  };
  const lengths = about.noText === true ? new Uint32Array(counts.docs) : null;
  const inputs = numbered
    .filter(({ numbers }) => idKinds.some((kind) => numbers[kind].some((number) => number !== noId)))
    .map(({ segment, numbers }): RenumberInput => {
      if (lengths === null) return { segment, numbers, refer };
      for (let at = 0; at < numbers.docs.length; at++)
        if (numbers.docs[at] !== noId) lengths[numbers.docs[at]!] = segment.content.get(at).length;
      return { segment, numbers, refer, content: null };
    });
  return finish(inputs, counts, imports, lengths, about);
}

/** Makes one pack of several, or of a part of one, each later one of which may import what earlier ones hold. All have text, or none has. */
export async function mergePacks(
  packs: readonly Pack[],
  about: PackAbout,
  isTaken: (kind: IdKind, number: number) => boolean = () => true,
): Promise<MadePack> {
  const counts = ofKinds(() => 0);
  const known = ofKinds(() => new Map<string, number>());
  const imported = ofKinds(() => new Map<string, number>());
  const numbered = packs.map((pack) => ({ pack, numbers: pack.blankNumbers() }));
  const textOf: number[] = [];
  for (const { pack, numbers } of numbered)
    for (const kind of idKinds)
      for (let at = 0; at < pack.count(kind); at++) {
        const name = pack.keyOf(kind, at).toString('latin1');
        // Two may have pushed it at once.
        if (known[kind].has(name) || !isTaken(kind, at)) continue;
        const number = counts[kind]++;
        known[kind].set(name, number);
        numbers[kind][at] = number;
        if (kind === 'docs' && pack.lengths !== null) textOf[number] = pack.lengths[at]!;
      }
  const inputs = numbered.map(({ pack, numbers }): RenumberInput => {
    const refer = (kind: IdKind, id: number): number => {
      const name = pack.keyOf(kind, id).toString('latin1');
      const number = known[kind].get(name) ?? imported[kind].get(name);
      if (number !== undefined) return number;
      const next = counts[kind] + imported[kind].size;
      imported[kind].set(name, next);
      return next;
    };
    return { segment: pack.segment, numbers, refer };
  });
  // The first of a chunk is kept, as in a store.
  const described = new Map<string, PackDescription>();
  for (const { pack } of numbered)
    for (const description of pack.descriptions()) {
      const [describer, content] = description;
      const isIn = known.docs.has(keyOfContentName(content).toString('latin1'));
      if (isIn && !described.has(describer + content)) described.set(describer + content, description);
    }
  const said = [...described.values()];
  const isTextless = packs[0]?.lengths !== null;
  if (packs.some(({ lengths }) => (lengths !== null) !== isTextless))
    throw new CoppiceError('INTERNAL', 'packs with and without text are not merged');
  const keysOf = (kind: IdKind): Buffer[] => Array.from(imported[kind].keys(), (name) => Buffer.from(name, 'latin1'));
  const imports = {
    keys: () => ofKinds(keysOf),
  };
  return finish(inputs, counts, imports, isTextless ? Uint32Array.from(textOf) : null, {
    ...about,
    descriptions: said,
  });
}

async function finish(
  inputs: readonly RenumberInput[],
  counts: Readonly<Record<IdKind, number>>,
  imports: { keys(): Readonly<Record<IdKind, readonly Buffer[]>> },
  lengths: Uint32Array | null,
  { repository, rules, signal, descriptions = [] }: PackAbout,
): Promise<MadePack> {
  const files = new MemoryFiles();
  const first = { doc: 0, file: 0, tree: 0, commit: 0, segment: 0 };
  await renumberSegments(files, inputs, first, { id: packSegmentId, signal });
  const about = { nonce: randomBytes(nonceBytes).toString('hex'), repository, rules };
  return { ...encodePack(files, about, imports.keys(), lengths, descriptions), counts };
}

/** Numbers what a pack refers to and does not hold. */
class Imports {
  private readonly ids = ofKinds(() => new Map<number, number>());

  constructor(
    private readonly list: SegmentList,
    private readonly counts: Readonly<Record<IdKind, number>>,
  ) {}

  number(kind: IdKind, id: number): number {
    const ids = this.ids[kind];
    const known = ids.get(id);
    if (known !== undefined) return known;
    const number = this.counts[kind] + ids.size;
    ids.set(id, number);
    return number;
  }

  /** Found by going through the key tables of the segments that have some, once each. */
  keys(): Record<IdKind, Buffer[]> {
    const keys = ofKinds((): Buffer[] => []);
    for (const kind of idKinds) {
      const wanted = this.ids[kind];
      const bySegment = new Map<Segment, Map<number, number>>();
      let position = 0;
      for (const id of wanted.keys()) {
        const segment = this.list.segments[segmentAt(this.list, kind, id)]!;
        let inSegment = bySegment.get(segment);
        if (inSegment === undefined) bySegment.set(segment, (inSegment = new Map()));
        inSegment.set(id - segment.entry[kind][0], position++);
      }
      for (const [segment, numbers] of bySegment)
        for (const { key, number } of segment[tables[kind]].rows()) {
          const at = numbers.get(number);
          if (at !== undefined) keys[kind][at] = Buffer.from(key);
        }
    }
    return keys;
  }
}

function segmentAt(list: SegmentList, kind: IdKind, id: number): number {
  const { segments } = list;
  let low = 0;
  let high = segments.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const [from, to] = segments[middle]!.entry[kind];
    if (id < from) high = middle - 1;
    else if (id >= to) low = middle + 1;
    else return middle;
  }
  throw new CoppiceError('STORE_CORRUPT', `the store lacks what it refers to (${kind} ${id})`, {
    hint: 'run `coppice doctor --repair`: what is lost is indexed again from the repository',
  });
}
