import { CoppiceError, closest, elapsedMs } from '../../base/index.js';
import { symbolKinds } from '../../model/index.js';
import { fileMask, findDefinitions, findSymbols, rankingSignals } from '../../search/index.js';
import type { PlacedSymbol } from '../../search/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { FileDefinitions } from './file-definitions.js';
import { checkCount } from '../limits.js';
import { withRev } from '../revs/revs.js';
import type { OpenedRev, Scope } from '../session/scope.js';
import { placeOf, placed } from './places.js';
import { missingPath } from './show.js';
import type {
  CallOptions,
  DefinitionHit,
  DefinitionOptions,
  DefinitionResult,
  OutlineResult,
  SymbolHit,
  SymbolsOptions,
  SymbolsResult,
} from '../types.js';

const limitDefault = 20;

/** See `Engine.symbols`. */
export async function symbolsOf(scope: Scope, name: string, options: SymbolsOptions): Promise<SymbolsResult> {
  const startMs = elapsedMs();
  checkName(name);
  const kinds = kindsOf(options);
  const limit = checkCount('limit', options.limit, limitDefault);
  return withRev(scope, options.rev, options, async ({ rev, snapshot, freshness, origin }) => {
    const found = await findSymbols(snapshot, {
      name,
      mask: await fileMask(snapshot, options, options.signal),
      kinds,
      limit,
      signals: rankingSignals,
      signal: options.signal,
    });
    const describe = describer(snapshot, origin);
    const symbols = found.symbols.map(({ match, ...placed }): SymbolHit => ({ match, ...describe(placed) }));
    return { rev, symbols, total: found.total, freshness: await freshness(), tookMs: elapsedMs() - startMs };
  });
}

/** Definitions with their place, as their files have them. */
function describer(snapshot: Snapshot, origin: OpenedRev['origin']): (placed: PlacedSymbol) => DefinitionHit {
  const files = new Map<number, FileDefinitions>();
  return ({ position, symbol }) => {
    const number = snapshot.occurrenceFiles[position]!;
    const { path, record } = snapshot.files[number]!;
    let file = files.get(number);
    if (file === undefined) files.set(number, (file = new FileDefinitions(snapshot.segments, record)));
    const line = snapshot.occurrenceLines[position]! + symbol.line;
    return placed(placeOf(origin(path)), {
      language: file.language,
      text: file.lineOf(line) ?? '',
      ...file.describe(symbol, line),
    });
  };
}

const nearMax = 5;

/** See `Engine.definition`. */
export async function definitionOf(scope: Scope, name: string, options: DefinitionOptions): Promise<DefinitionResult> {
  const startMs = elapsedMs();
  checkName(name);
  const kinds = kindsOf(options);
  const limit = checkCount('limit', options.limit, limitDefault);
  const { usedIn, usedOnLine } = options;
  if (usedOnLine !== undefined) checkCount('usedOnLine', usedOnLine, 1);
  const usedAt =
    usedIn === undefined
      ? null
      : {
          path: scope.rootedPath(usedIn),
          line: usedOnLine === undefined ? null : usedOnLine - 1,
        };
  return withRev(scope, options.rev, options, async ({ rev, snapshot, freshness, origin }) => {
    const mask = await fileMask(snapshot, options, options.signal);
    const request = { name, mask, kinds, signals: rankingSignals, signal: options.signal };
    const found = await findDefinitions(snapshot, { ...request, usedAt });
    const total = found.definitions.length;
    const definitions = found.definitions.slice(0, limit).map(describer(snapshot, origin));
    const like = total > 0 ? [] : (await findSymbols(snapshot, { ...request, name: found.name, limit: 20 })).symbols;
    const near = [...new Set(like.map(({ symbol }) => symbol.name))].slice(0, nearMax);
    const tookMs = elapsedMs() - startMs;
    return { rev, name, definitions, total, isExact: total === 1, near, freshness: await freshness(), tookMs };
  });
}

/** USAGE when it is empty. */
export function checkName(name: string): void {
  if (name !== '') return;
  throw new CoppiceError('USAGE', 'the name is empty', { hint: 'give the name of a definition, or its beginning' });
}

/** The kinds that are asked for; null: any. */
function kindsOf({ kinds = [] }: { readonly kinds?: readonly string[] }): ReadonlySet<string> | null {
  for (const kind of kinds) {
    if (!(symbolKinds as readonly string[]).includes(kind)) {
      const near = closest(kind, symbolKinds);
      throw new CoppiceError('USAGE', `unknown kind "${kind}"`, {
        hint: near === undefined ? `kinds: ${symbolKinds.join(', ')}` : `did you mean ${near}?`,
      });
    }
  }
  return kinds.length === 0 ? null : new Set(kinds);
}

/** See `Engine.outline`. */
export function outlineOf(
  scope: Scope,
  rev: string | undefined,
  path: string,
  call: CallOptions,
): Promise<OutlineResult> {
  return withRev(scope, rev, call, async ({ rev: resolved, snapshot, freshness, origin }) => {
    const { segments } = snapshot;
    const record = snapshot.fileAt(path)?.record;
    if (record === undefined) throw missingPath(snapshot, path);
    const symbols = record.skipped === null ? new FileDefinitions(segments, record).all() : [];
    return { rev: resolved, ...placeOf(origin(path)), symbols, freshness: await freshness() };
  });
}
