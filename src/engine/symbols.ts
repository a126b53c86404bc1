import { CoppiceError, elapsedMs } from '../base/index.js';
import { languageId, symbolKinds } from '../model/index.js';
import { fileMask, findSymbols, rankingSignals } from '../search/index.js';
import { withRev } from './revs.js';
import type { Session } from './session.js';
import type { SymbolHit, SymbolsOptions, SymbolsResult } from './types.js';

/** See `Engine.symbols`. */
export async function symbolsOf(session: Session, name: string, options: SymbolsOptions): Promise<SymbolsResult> {
  const startMs = elapsedMs();
  if (name === '')
    throw new CoppiceError('USAGE', 'the name is empty', { hint: 'give the name of a definition, or its beginning' });
  for (const kind of options.kinds ?? []) {
    if (!(symbolKinds as readonly string[]).includes(kind)) {
      throw new CoppiceError('USAGE', `unknown kind "${kind}"`, { hint: `kinds: ${symbolKinds.join(', ')}` });
    }
  }
  return withRev(session, options.rev ?? 'HEAD', options, async ({ rev, snapshot, freshness }) => {
    const found = findSymbols(snapshot, {
      name,
      mask: fileMask(snapshot, options),
      kinds: options.kinds === undefined || options.kinds.length === 0 ? null : new Set(options.kinds),
      limit: options.limit ?? 20,
      signals: rankingSignals,
    });
    const symbols = found.map(({ position, symbol, match }): SymbolHit => {
      const file = snapshot.files[snapshot.occurrenceFiles[position]!]!;
      const text = snapshot.segments.chunkText(snapshot.occurrenceDocs[position]!).split('\n')[symbol.line] ?? '';
      const { kind, scope } = symbol;
      const line = snapshot.occurrenceLines[position]! + symbol.line + 1;
      return {
        path: file.path,
        line,
        name: symbol.name,
        scope,
        kind,
        language: languageId(file.record.language),
        match,
        text,
      };
    });
    return { rev, symbols, freshness: await freshness(), tookMs: elapsedMs() - startMs };
  });
}
