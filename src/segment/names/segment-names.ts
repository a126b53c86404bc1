import type { TimeSlices } from '../../base/index.js';
import type { WritableFile } from '../../store/index.js';
import { forEachSymbol } from '../tables/records.js';
import { SymbolNamesBuilder } from './symbol-names.js';
import type { SymbolNames, SymbolNamesLocation } from './symbol-names.js';

/** A table with fewer names is put together with its neighbours when segments are merged; none has many more than twice as many. */
const fewNames = 64 * 1024;

/** Writes the names of all definitions, of which `symbolsOf` gives those of a doc as they are stored. */
export async function writeSymbolNames(
  file: WritableFile,
  docCount: number,
  symbolsOf: (doc: number) => Uint8Array,
  slices: TimeSlices,
): Promise<SymbolNamesLocation[]> {
  const tables = new TableSequence(file, slices);
  for (let doc = 0; doc < docCount; doc++) {
    if ((doc & 15) === 0 && slices.isOver) await slices.next();
    const bytes = symbolsOf(doc);
    if (bytes.length > 0) forEachSymbol(bytes, (name, kind) => tables.add(name, doc, 1 << kind));
    if (tables.isFull) await tables.flush();
  }
  return tables.finish();
}

/** The tables of a segment, and the number of its first doc. */
export interface NamesSource {
  readonly tables: readonly SymbolNames[];
  readonly docBase: number;
}

/** Writes the tables of several segments for one that has all their docs, from `first` on; or, with `isLive`, some. */
export async function mergeSymbolNames(
  file: WritableFile,
  sources: readonly NamesSource[],
  first: number,
  isLive: ((doc: number) => boolean) | null,
  slices: TimeSlices,
): Promise<SymbolNamesLocation[]> {
  const merged = new TableSequence(file, slices);
  for (const { tables, docBase } of sources) {
    for (const table of tables) {
      if (isLive === null && table.count >= fewNames) {
        await merged.flush();
        merged.take(table.copyTo(file, docBase - first));
        continue;
      }
      for (let number = 0; number < table.names.blockCount; number++) {
        if (slices.isOver) await slices.next();
        const block = table.names.readBlock(number);
        for (let at = 0; at < block.count; at++) {
          const name = block.name(at);
          table.forEachDoc(block, at, (doc, kinds) => {
            if (isLive === null || isLive(doc)) merged.add(name, doc - first, kinds);
          });
        }
      }
      if (merged.isFull) await merged.flush();
    }
  }
  return merged.finish();
}

/** Tables, one after the other. */
class TableSequence {
  private readonly locations: SymbolNamesLocation[] = [];
  private builder: SymbolNamesBuilder | null = null;

  constructor(
    private readonly file: WritableFile,
    private readonly slices: TimeSlices,
  ) {}

  get isFull(): boolean {
    return this.builder !== null && this.builder.count >= fewNames;
  }

  /** Docs ascend for each name. */
  add(name: string, doc: number, kinds: number): void {
    this.builder ??= new SymbolNamesBuilder();
    this.builder.add(name, doc, kinds);
  }

  /** Writes what was added. */
  async flush(): Promise<void> {
    if (this.builder !== null) this.locations.push(await this.builder.write(this.file, this.slices));
    this.builder = null;
  }

  take(location: SymbolNamesLocation): void {
    this.locations.push(location);
  }

  async finish(): Promise<SymbolNamesLocation[]> {
    await this.flush();
    return this.locations;
  }
}
