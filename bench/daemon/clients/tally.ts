/** What came of the requests of some clients. Plain data: it goes from process to process. */
export interface Tally {
  /** Milliseconds of each answer, by kind of request. */
  readonly times: Record<string, number[]>;
  readonly errors: string[];
  readonly wrong: string[];
  /** How often each of the two happened; only the first are told. */
  errorCount: number;
  wrongCount: number;
  /** Answers of the work tree, by freshness. */
  readonly freshness: Record<string, number>;
}

const toldMax = 20;

export const emptyTally = (): Tally => ({
  times: {},
  errors: [],
  wrong: [],
  errorCount: 0,
  wrongCount: 0,
  freshness: {},
});

export function addTime(tally: Tally, kind: string, ms: number): void {
  (tally.times[kind] ??= []).push(ms);
}

export function addError(tally: Tally, text: string): void {
  tally.errorCount++;
  if (tally.errors.length < toldMax) tally.errors.push(text);
}

export function addWrong(tally: Tally, text: string): void {
  tally.wrongCount++;
  if (tally.wrong.length < toldMax) tally.wrong.push(text);
}

export function sumTallies(tallies: readonly Tally[]): Tally {
  const sum = emptyTally();
  for (const tally of tallies) {
    for (const [kind, times] of Object.entries(tally.times)) for (const ms of times) addTime(sum, kind, ms);
    for (const text of tally.errors) sum.errors.push(text);
    for (const text of tally.wrong) sum.wrong.push(text);
    sum.errorCount += tally.errorCount;
    sum.wrongCount += tally.wrongCount;
    for (const [freshness, count] of Object.entries(tally.freshness)) {
      sum.freshness[freshness] = (sum.freshness[freshness] ?? 0) + count;
    }
  }
  return sum;
}
