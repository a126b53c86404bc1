/** So many are named. */
const namedMax = 3;

/** Says what the repository lacks: the first few by their names, of the others how many there are, as a partial clone lacks thousands. */
export class MissingNotes {
  private count = 0;

  constructor(private readonly onNote: ((note: string) => void) | undefined) {}

  /** `what`: "src/a.c: its blob 12ab…", "the tree of commit 12ab…"; `consequence`: "it is left out". */
  add(what: string, consequence: string): void {
    if (++this.count <= namedMax) this.onNote?.(`${what} is missing from the repository; ${consequence}`);
  }

  /** Of what was added since the last time. */
  finish(): void {
    const more = this.count - namedMax;
    this.count = 0;
    if (more > 0)
      this.onNote?.(
        `${more.toLocaleString('en')} more objects are missing from the repository and left out; a whole clone has them`,
      );
  }
}
