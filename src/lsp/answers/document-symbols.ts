import type { DocumentSymbol, SymbolInformation } from 'vscode-languageserver/node';
import { decodeBytes } from '../../base/index.js';
import type { CallOptions, OutlineSymbol } from '../../engine/index.js';
import { rangeOfName } from '../documents/ranges.js';
import { protocolSymbolKinds } from './symbol-kinds.js';
import type { WorkspaceRepository } from '../workspace/workspace-repository.js';

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
 * its type).
 */
function nest(symbols: readonly OutlineSymbol[], lines: readonly string[]): DocumentSymbol[] {
  const top: DocumentSymbol[] = [];
  const latest = new Map<string, DocumentSymbol>();
  for (const { name, scope, kind, line, startLine, endLine } of symbols) {
    const qualified = scope === '' ? name : `${scope}.${name}`;
    const first = lines[startLine - 1] ?? '';
    const last = (lines[endLine - 1] ?? '').trimEnd();
    const outer = scope === '' ? undefined : latest.get(scope);
    const symbol: DocumentSymbol = {
      name: name || '(no name)', // clients refuse an empty one
      kind: protocolSymbolKinds[kind],
      range: {
        start: { line: startLine - 1, character: first.length - first.trimStart().length },
        end: { line: endLine - 1, character: last.length },
      },
      selectionRange: rangeOfName(line, lines[line - 1] ?? '', name),
      children: [],
      ...(scope !== '' && outer === undefined ? { detail: scope } : {}),
    };
    (outer?.children ?? top).push(symbol);
    latest.set(qualified, symbol);
  }
  return top;
}
