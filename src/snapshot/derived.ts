/** What is made of something once, by name, and kept as long as it is. */
export class Derived {
  private readonly values = new Map<string, unknown>();

  /** The value of a name, made when it is first asked for; a promise that fails is made again. */
  once<T>(name: string, make: () => T): T {
    if (this.values.has(name)) return this.values.get(name) as T;
    const value = make();
    this.values.set(name, value);
    if (value instanceof Promise) value.catch(() => this.values.delete(name));
    return value;
  }
}
