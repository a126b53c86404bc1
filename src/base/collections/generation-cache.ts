/**
 * A map for very many small values, bounded by their summed weight: forgets what was not used while half of its bound came
 * in. Cheaper than exact order of use, which costs two map operations for each hit.
 */
export class GenerationCache<Key, Value> {
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();
  private youngWeight = 0;
  private oldWeight = 0;

  constructor(
    readonly weightMax: number,
    private readonly weightOf: (value: Value) => number = () => 1,
  ) {}

  get(key: Key): Value | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const older = this.old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: Key, value: Value): void {
    if (this.youngWeight >= this.weightMax / 2) {
      this.old = this.young;
      this.oldWeight = this.youngWeight;
      this.young = new Map();
      this.youngWeight = 0;
    }
    this.young.set(key, value);
    this.youngWeight += this.weightOf(value);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
    this.youngWeight = this.oldWeight = 0;
  }

  /** Of all it holds; a value that was used in both halves counts twice. */
  get weight(): number {
    return this.youngWeight + this.oldWeight;
  }
}
