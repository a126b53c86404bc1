import type { NameBlock, SymbolNames } from '../../segment/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { visibleSegments } from '../candidates.js';

/** A name in a table. */
export interface PlacedName {
  readonly table: SymbolNames;
  readonly block: NameBlock;
  readonly at: number;
}

/** The tables of names that have docs which a snapshot sees; of these docs, others too. */
export function nameTables(snapshot: Snapshot): Promise<readonly SymbolNames[]> {
  return snapshot.derived.once('nameTables', async () => {
    const tables: SymbolNames[] = [];
    for (const { segment } of visibleSegments(snapshot))
      for (const table of await segment.symbolNames()) {
        const [from, to] = table.docRange;
        if (snapshot.visible.countRange(from, to) > 0) tables.push(table);
      }
    return tables;
  });
}

/** Whether a snapshot sees a definition of that name. */
export function isVisibleName({ visible }: Snapshot, { table, block, at }: PlacedName): boolean {
  let isVisible = false;
  table.forEachDoc(block, at, (doc) => (isVisible ||= visible.has(doc)));
  return isVisible;
}
