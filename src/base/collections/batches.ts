/**
 * A list in batches, none empty, as it is found; the value that it returns is what is true of the whole. Nothing is looked for
 * ahead of who takes the batches, and leaving the loop ends the work.
 */
export type Batches<T, R> = AsyncGenerator<readonly T[], R, undefined>;

/** All of a list and what its generator returned. */
export async function collectBatches<T, R>(batches: Batches<T, R>): Promise<{ readonly items: T[]; readonly rest: R }> {
  const items: T[] = [];
  for (;;) {
    const next = await batches.next();
    if (next.done === true) return { items, rest: next.value };
    for (const item of next.value) items.push(item);
  }
}

/** The same, with `onItem` called before each item is handed on. */
export async function* forwarded<T, R>(
  items: AsyncGenerator<T, R, undefined>,
  onItem: () => void,
): AsyncGenerator<T, R, undefined> {
  try {
    for (;;) {
      const next = await items.next();
      if (next.done === true) return next.value;
      onItem();
      yield next.value;
    }
  } finally {
    await items.return(undefined as R); // nothing, once it has ended
  }
}
