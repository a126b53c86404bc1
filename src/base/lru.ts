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
    for (const oldest of this.entries.keys()) {
      if (this.weightSum <= this.weightMax || this.entries.size === 1) break;
      this.delete(oldest);
    }
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
}
