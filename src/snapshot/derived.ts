/** What is made of something once, by name, and kept as long as it is. */
export class Derived {
  private readonly values = new Map<string, unknown>();
  private readonly latestWeights = new Map<string, number>();
  /** Rough bytes of memory of the values that were weighed. */
  weight = 0;

  /**
   * The value of a name, made when it is first asked for; a promise that fails is made again. `weigh` tells how many bytes one takes,
   * where that is more than what it is made of.
   */
  once<T>(name: string, make: () => T, weigh?: (value: Awaited<T>) => number): T {
    if (this.values.has(name)) return this.values.get(name) as T;
    const value = make();
    this.values.set(name, value);
    if (value instanceof Promise) value.catch(() => this.values.delete(name));
    if (weigh !== undefined)
      void Promise.resolve(value).then(
        (made) => (this.weight += weigh(made)),
        () => undefined,
      );
    return value;
  }

  /** The value of a name for a version of what it is made from; in place of that of another version. `weigh`: see `once`. */
  latest<T>(name: string, version: string, make: () => Promise<T>, weigh?: (value: T) => number): Promise<T> {
    const known = this.values.get(name) as { readonly version: string; readonly value: Promise<T> } | undefined;
    if (known?.version === version) return known.value;
    const value = make();
    this.values.set(name, { version, value });
    value.then(
      (made) => {
        if (weigh === undefined) return;
        this.weight += weigh(made) - (this.latestWeights.get(name) ?? 0);
        this.latestWeights.set(name, weigh(made));
      },
      () => this.values.delete(name),
    );
    return value;
  }
}
