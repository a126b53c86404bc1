import type { SymbolInformation } from 'vscode-languageserver/node';
import type { CallOptions, SymbolHit } from '../../engine/index.js';
import { askEach } from '../workspace/ask-each.js';
import type { Failure } from '../workspace/ask-each.js';
import { rangeOfName } from '../documents/ranges.js';
import { protocolSymbolKinds } from './symbol-kinds.js';
import type { WorkspaceRepository } from '../workspace/workspace-repository.js';

const symbolsMax = 200;

const matchOrder: readonly SymbolHit['match'][] = ['exact', 'prefix', 'subword', 'fuzzy'];

/**
 * Definitions by name in all repositories, best matches first. None for an empty query, with which a client asks for
 * every symbol there is.
 */
export async function workspaceSymbols(
  repositories: readonly WorkspaceRepository[],
  query: string,
  options: CallOptions,
): Promise<{ symbols: SymbolInformation[]; failures: readonly Failure[] }> {
  const name = query.trim();
  if (name === '') return { symbols: [], failures: [] };
  const { answers, failures } = await askEach(repositories, (repository) =>
    repository.ask(undefined, options, (engine, rev) => engine.symbols(name, { ...options, rev, limit: symbolsMax })),
  );
  const found = answers.flatMap(({ repository, value }) => value.symbols.map((symbol) => ({ repository, symbol })));
  found.sort((a, b) => matchOrder.indexOf(a.symbol.match) - matchOrder.indexOf(b.symbol.match));
  const symbols = found.slice(0, symbolsMax).map(({ repository, symbol }): SymbolInformation => ({
    name: symbol.name,
    kind: protocolSymbolKinds[symbol.kind],
    location: { uri: repository.uriOf(symbol.path), range: rangeOfName(symbol.line, symbol.text, symbol.name) },
    ...(symbol.scope === '' ? {} : { containerName: symbol.scope }),
  }));
  return { symbols, failures };
}
