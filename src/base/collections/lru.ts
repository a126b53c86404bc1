/** A map that forgets what was used least recently once the summed weight exceeds its budget. */
export class LruCache<Key, Value> {
  private readonly entries = new Map<Key, { value: Value; weight: number }>();
  private weightSum = 0;

  /** `onEvict` gets every value that leaves the cache. */
  constructor(
    readonly weightMax: number,
    private readonly onEvict?: (value: Value) => void,
  ) {}

  get(key: Key): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: Key, value: Value, weight = 1): void {
    this.delete(key);
    this.entries.set(key, { value, weight });
    this.weightSum += weight;
    this.makeRoom();
  }

  /** Takes note that a value has become heavier or lighter. */
  reweigh(key: Key, weight: number): void {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.weight === weight) return;
    this.entries.set(key, { value: entry.value, weight });
    this.weightSum += weight - entry.weight;
    this.makeRoom();
  }

  delete(key: Key): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.weightSum -= entry.weight;
    this.onEvict?.(entry.value);
  }

  clear(): void {
    for (const key of [...this.entries.keys()]) this.delete(key);
  }

  get size(): number {
    return this.entries.size;
  }

  get weight(): number {
    return this.weightSum;
  }

  private makeRoom(): void {
    for (const oldest of this.entries.keys()) {
      if (this.weightSum <= this.weightMax || this.entries.size === 1) break;
      this.delete(oldest);
    }
  }
}
