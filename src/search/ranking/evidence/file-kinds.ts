import { TimeSlices } from '../../../base/index.js';
import { languageId } from '../../../model/index.js';
import type { Snapshot, SnapshotFile, SnapshotPaths, Table } from '../../../snapshot/index.js';
import { folderRuns } from './path-terms.js';
import type { RankingSignals } from '../ranking-signals.js';

const testFolder = /(?:^|\/)(?:tests?|__tests__|specs?|testing|testdata|fixtures?|e2e|mocks?|__mocks__)\//;
const testName =
  /^test_|[._-](?:test|tests|spec)\.[^/]+$|(?:Test|Tests|Spec)\.(?:java|kt|scala|cs|swift|php|groovy|hs)$|^conftest\.py$|\.bats$/;
const vendoredFolder = /(?:^|\/)(?:node_modules|vendor|vendored|third[_-]?party|external|deps|bower_components|Pods)\//;
const exampleFolder =
  /(?:^|\/)(?:examples?|samples?|demos?|benchmarks?|bench|playgrounds?|sandbox|legacy|compat|deprecated)\//;
const proseLanguages = new Set(
  'text markdown restructuredtext asciidoc latex json yaml toml xml ini csv html css scss less diff ignore lockfile gomod'.split(
    ' ',
  ),
);

/** What a file's kind does to the scores of its chunks, for all files of a snapshot by position. */
export async function fileFactors(snapshot: Snapshot, signals: RankingSignals): Promise<Float64Array> {
  const kinds = await pathKinds(snapshot);
  const bySignals = snapshot.derived.once('fileFactors', () => new WeakMap<RankingSignals, Float64Array>());
  let factors = bySignals.get(signals);
  if (factors === undefined) {
    factors = Float64Array.from(snapshot.files, ({ record }, i) => fileFactor(kinds[i]!, record, signals));
    bySignals.set(signals, factors);
  }
  return factors;
}

const enum PathKind {
  Test = 1,
  Vendored = 2,
  Example = 4,
  Header = 8,
}

/** Its version is that of the patterns above. */
const table: Table<Uint8Array> = {
  name: 'pathKinds-2',
  of: 'paths',
  read: ({ kinds }) => kinds as Uint8Array,
  columns: (kinds) => ({ kinds }),
};

/** What the paths alone say. */
export const pathKinds = (snapshot: Snapshot): Promise<Uint8Array> =>
  snapshot.paths.derived.once('pathKinds', () => snapshot.tableOf(table, () => kindsOf(snapshot.paths)));

async function kindsOf(paths: SnapshotPaths): Promise<Uint8Array> {
  const kinds = new Uint8Array(paths.list.length);
  const slices = new TimeSlices();
  for (const { folder, from, to } of folderRuns(paths.list)) {
    const ofFolder =
      (testFolder.test(folder) ? PathKind.Test : 0) |
      (vendoredFolder.test(folder) ? PathKind.Vendored : 0) |
      (exampleFolder.test(folder) ? PathKind.Example : 0);
    const names = new SourceNames(paths.list, from, to);
    for (let file = from; file < to; file++) {
      if ((file & 63) === 0 && slices.isOver) await slices.next();
      const name = paths.list[file]!.slice(folder.length);
      kinds[file] = ofFolder | (testName.test(name) ? PathKind.Test : 0) | (names.isHeader(name) ? PathKind.Header : 0);
    }
  }
  return kinds;
}

const headerName = /\.(?:h|hh|hpp|hxx)$/i;
const sourceName = /\.(?:c|cc|cpp|cxx|m|mm)$/i;

/** The sources of one folder, by their name without extension. */
class SourceNames {
  private readonly stems = new Set<string>();

  constructor(paths: readonly string[], from: number, to: number) {
    for (let file = from; file < to; file++) {
      const path = paths[file]!;
      if (sourceName.test(path)) this.stems.add(path.slice(path.lastIndexOf('/') + 1).replace(sourceName, ''));
    }
  }

  isHeader(name: string): boolean {
    return this.stems.size > 0 && headerName.test(name) && this.stems.has(name.replace(headerName, ''));
  }
}

function fileFactor(kind: number, { generated, language }: SnapshotFile['record'], signals: RankingSignals): number {
  let factor = 1;
  if ((kind & PathKind.Test) !== 0) factor *= signals.testFile;
  if ((kind & PathKind.Vendored) !== 0) factor *= signals.vendoredFile;
  else if ((kind & PathKind.Example) !== 0) factor *= signals.exampleFile;
  if ((kind & PathKind.Header) !== 0) factor *= signals.headerFile;
  if (generated) factor *= signals.generatedFile;
  if (proseLanguages.has(languageId(language))) factor *= signals.proseFile;
  return factor;
}
