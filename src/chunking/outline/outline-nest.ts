import type { SymbolKind } from '../../model/index.js';
import { nestingMax } from '../definition.js';
import type { Definition } from '../definition.js';

/** A heading, a key: something that lasts until the next one of its level or above. */
export interface OutlineEntry {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly line: number;
  readonly startLine: number;
  /** 1 is outermost. */
  readonly level: number;
}

export function nestEntries(entries: readonly OutlineEntry[], lineCount: number): Definition[] {
  const definitions: Definition[] = [];
  const open: { definition: Definition; level: number }[] = [];
  const close = (level: number, line: number): void => {
    while (open.length > 0 && open[open.length - 1]!.level >= level) {
      const { definition } = open.pop()!;
      definition.endLine = Math.max(line - 1, definition.nameLine);
      definition.next = definitions.length;
    }
  };
  for (const { name, kind, line, startLine, level: given } of entries) {
    const level = Math.min(given, nestingMax);
    close(level, startLine);
    const scope = open.map(({ definition }) => definition.name).join('.');
    const definition: Definition = {
      name,
      kind,
      scope,
      nameLine: line,
      startLine,
      ownLine: line,
      endLine: line,
      next: 0,
      inner: false,
    };
    definitions.push(definition);
    open.push({ definition, level });
  }
  close(0, lineCount);
  return definitions;
}
