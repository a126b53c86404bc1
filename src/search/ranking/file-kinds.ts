import { TimeSlices } from '../../base/index.js';
import { languageId } from '../../model/index.js';
import type { Snapshot, SnapshotFile, SnapshotPaths, Table } from '../../snapshot/index.js';
import { folderRuns } from './path-terms.js';
import type { RankingSignals } from './ranking-signals.js';

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
}

/** Its version is that of the patterns above. */
const table: Table<Uint8Array> = {
  name: 'pathKinds-1',
  of: 'paths',
  read: ({ kinds }) => kinds as Uint8Array,
  columns: (kinds) => ({ kinds }),
};

/** What the paths alone say. */
const pathKinds = (snapshot: Snapshot): Promise<Uint8Array> =>
  snapshot.paths.derived.once('pathKinds', () => snapshot.tableOf(table, () => kindsOf(snapshot.paths)));

async function kindsOf(paths: SnapshotPaths): Promise<Uint8Array> {
  const kinds = new Uint8Array(paths.list.length);
  const slices = new TimeSlices();
  for (const { folder, from, to } of folderRuns(paths.list)) {
    const ofFolder =
      (testFolder.test(folder) ? PathKind.Test : 0) |
      (vendoredFolder.test(folder) ? PathKind.Vendored : 0) |
      (exampleFolder.test(folder) ? PathKind.Example : 0);
    for (let file = from; file < to; file++) {
      if ((file & 63) === 0 && slices.isOver) await slices.next();
      kinds[file] = ofFolder | (testName.test(paths.list[file]!.slice(folder.length)) ? PathKind.Test : 0);
    }
  }
  return kinds;
}

function fileFactor(kind: number, { generated, language }: SnapshotFile['record'], signals: RankingSignals): number {
  let factor = 1;
  if ((kind & PathKind.Test) !== 0) factor *= signals.testFile;
  if ((kind & PathKind.Vendored) !== 0) factor *= signals.vendoredFile;
  else if ((kind & PathKind.Example) !== 0) factor *= signals.exampleFile;
  if (generated) factor *= signals.generatedFile;
  if (proseLanguages.has(languageId(language))) factor *= signals.proseFile;
  return factor;
}
