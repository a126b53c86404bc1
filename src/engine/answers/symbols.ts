import { CoppiceError, closest, elapsedMs } from '../../base/index.js';
import { symbolKinds } from '../../model/index.js';
import { fileMask, findSymbols, rankingSignals } from '../../search/index.js';
import { FileDefinitions } from './file-definitions.js';
import { checkCount } from '../limits.js';
import { withRev } from '../revs/revs.js';
import type { Session } from '../session/session.js';
import { missingPath } from './show.js';
import type { CallOptions, OutlineResult, SymbolHit, SymbolsOptions, SymbolsResult } from '../types.js';

const limitDefault = 20;

/** See `Engine.symbols`. */
export async function symbolsOf(session: Session, name: string, options: SymbolsOptions): Promise<SymbolsResult> {
  const startMs = elapsedMs();
  if (name === '')
    throw new CoppiceError('USAGE', 'the name is empty', { hint: 'give the name of a definition, or its beginning' });
  for (const kind of options.kinds ?? []) {
    if (!(symbolKinds as readonly string[]).includes(kind)) {
      const near = closest(kind, symbolKinds);
      throw new CoppiceError('USAGE', `unknown kind "${kind}"`, {
        hint: near === undefined ? `kinds: ${symbolKinds.join(', ')}` : `did you mean ${near}?`,
      });
    }
  }
  const limit = checkCount('limit', options.limit, limitDefault);
  return withRev(session, options.rev ?? session.defaultRev, options, async ({ rev, snapshot, freshness }) => {
    const found = await findSymbols(snapshot, {
      name,
      mask: await fileMask(snapshot, options, options.signal),
      kinds: options.kinds === undefined || options.kinds.length === 0 ? null : new Set(options.kinds),
      limit,
      signals: rankingSignals,
      signal: options.signal,
    });
    const files = new Map<number, FileDefinitions>();
    const symbols = found.symbols.map(({ position, symbol, match }): SymbolHit => {
      const number = snapshot.occurrenceFiles[position]!;
      const { path, record } = snapshot.files[number]!;
      let file = files.get(number);
      if (file === undefined) files.set(number, (file = new FileDefinitions(snapshot.segments, record)));
      const line = snapshot.occurrenceLines[position]! + symbol.line;
      return { path, language: file.language, match, text: file.lineOf(line) ?? '', ...file.describe(symbol, line) };
    });
    return { rev, symbols, total: found.total, freshness: await freshness(), tookMs: elapsedMs() - startMs };
  });
}

/** See `Engine.outline`. */
export function outlineOf(session: Session, rev: string, path: string, call: CallOptions): Promise<OutlineResult> {
  return withRev(session, rev, call, async ({ rev: resolved, snapshot, freshness }) => {
    const { segments } = snapshot;
    const record = snapshot.fileAt(path)?.record;
    if (record === undefined) throw missingPath(snapshot, path);
    const symbols = record.skipped === null ? new FileDefinitions(segments, record).all() : [];
    return { rev: resolved, path, symbols, freshness: await freshness() };
  });
}
