import { languageId } from '../model/index.js';
import type { Snapshot, SnapshotFile } from '../snapshot/index.js';
import type { RankingSignals } from './ranking-signals.js';

const testPath =
  /(?:^|\/)(?:tests?|__tests__|specs?|testing|testdata|fixtures?|e2e|mocks?|__mocks__)\/|(?:^|\/)test_[^/]*$|[._-](?:test|tests|spec)\.[^/]+$|(?:Test|Tests|Spec)\.(?:java|kt|scala|cs|swift|php|groovy|hs)$|(?:^|\/)conftest\.py$|\.bats$/;
const vendoredPath = /(?:^|\/)(?:node_modules|vendor|vendored|third[_-]?party|external|deps|bower_components|Pods)\//;
const examplePath =
  /(?:^|\/)(?:examples?|samples?|demos?|benchmarks?|bench|playgrounds?|sandbox|legacy|compat|deprecated)\//;
const proseLanguages = new Set(
  'text markdown restructuredtext asciidoc latex json yaml toml xml ini csv html css scss less diff ignore lockfile gomod'.split(
    ' ',
  ),
);

/** What a file's kind does to the score of its chunks. */
export function fileFactor({ path, record }: SnapshotFile, signals: RankingSignals): number {
  let factor = 1;
  if (testPath.test(path)) factor *= signals.testFile;
  if (vendoredPath.test(path)) factor *= signals.vendoredFile;
  else if (examplePath.test(path)) factor *= signals.exampleFile;
  if (record.generated) factor *= signals.generatedFile;
  if (proseLanguages.has(languageId(record.language))) factor *= signals.proseFile;
  return factor;
}

/** Factors of all files of a snapshot, by position; made once. */
export function fileFactors(snapshot: Snapshot, signals: RankingSignals): Float64Array {
  const known = snapshot.derived.get('fileFactors') as { signals: RankingSignals; factors: Float64Array } | undefined;
  if (known?.signals === signals) return known.factors;
  const factors = Float64Array.from(snapshot.files, (file) => fileFactor(file, signals));
  snapshot.derived.set('fileFactors', { signals, factors });
  return factors;
}
