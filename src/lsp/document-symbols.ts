import type { DocumentSymbol, SymbolInformation } from 'vscode-languageserver/node';
import { decodeBytes } from '../base/index.js';
import type { CallOptions, OutlineSymbol } from '../engine/index.js';
import { rangeOfName } from './ranges.js';
import { protocolSymbolKinds } from './symbol-kinds.js';
import type { WorkspaceRepository } from './workspace-repository.js';

/** The definitions of a file as its buffer is now, nested by scope. PATH_NOT_FOUND for a file that is not searched. */
export async function documentSymbols(
  repository: WorkspaceRepository,
  path: string,
  options: CallOptions,
): Promise<DocumentSymbol[]> {
  return repository.ask(undefined, options, async (engine, rev) => {
    const [{ symbols }, { content }] = await Promise.all([
      engine.outline(rev, path, options),
      engine.show(rev, path, undefined, options),
    ]);
    return nest(symbols, decodeBytes(content).split('\n'));
  });
}

/** For clients that know no nested symbols. */
export function flatten(uri: string, symbols: readonly DocumentSymbol[], containerName = ''): SymbolInformation[] {
  return symbols.flatMap(({ name, kind, selectionRange, children }) => [
    { name, kind, location: { uri, range: selectionRange }, ...(containerName === '' ? {} : { containerName }) },
    ...flatten(uri, children ?? [], containerName === '' ? name : `${containerName}.${name}`),
  ]);
}

/**
 * A definition goes below the latest one before it whose qualified name is its scope (a method of Go may stand far from
 * its type). Where definitions end is not known: the range of one is the line of its name, and on to the end of the last
 * one inside it that follows without others in between.
 */
function nest(symbols: readonly OutlineSymbol[], lines: readonly string[]): DocumentSymbol[] {
  const top: DocumentSymbol[] = [];
  const latest = new Map<string, DocumentSymbol>();
  const around: { qualified: string; symbol: DocumentSymbol }[] = [];
  for (const { name, scope, kind, line } of symbols) {
    const qualified = scope === '' ? name : `${scope}.${name}`;
    const text = lines[line - 1] ?? '';
    const start = { line: line - 1, character: 0 };
    const end = { line: line - 1, character: text.replace(/\r$/, '').length };
    const outer = scope === '' ? undefined : latest.get(scope);
    const symbol: DocumentSymbol = {
      name: name || '(no name)', // clients refuse an empty one
      kind: protocolSymbolKinds[kind],
      range: { start, end },
      selectionRange: rangeOfName(line, text, name),
      children: [],
      ...(scope !== '' && outer === undefined ? { detail: scope } : {}),
    };
    (outer?.children ?? top).push(symbol);
    latest.set(qualified, symbol);
    while (around.length > 0 && around.at(-1)!.qualified !== scope) around.pop();
    for (const { symbol: enclosing } of around) enclosing.range.end = end;
    around.push({ qualified, symbol });
  }
  return top;
}
