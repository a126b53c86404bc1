import { CoppiceError, elapsedMs } from '../base/index.js';
import { languageId, symbolKinds } from '../model/index.js';
import { fileMask, findSymbols, rankingSignals } from '../search/index.js';
import { checkCount } from './limits.js';
import { withRev } from './revs.js';
import type { Session } from './session.js';
import { missingPath } from './show.js';
import type { CallOptions, OutlineResult, OutlineSymbol, SymbolHit, SymbolsOptions, SymbolsResult } from './types.js';

const limitDefault = 20;

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
  const limit = checkCount('limit', options.limit, limitDefault);
  return withRev(session, options.rev ?? 'HEAD', options, async ({ rev, snapshot, freshness }) => {
    const found = await findSymbols(snapshot, {
      name,
      mask: fileMask(snapshot, options),
      kinds: options.kinds === undefined || options.kinds.length === 0 ? null : new Set(options.kinds),
      limit,
      signals: rankingSignals,
      signal: options.signal,
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

/** See `Engine.outline`. */
export function outlineOf(session: Session, rev: string, path: string, call: CallOptions): Promise<OutlineResult> {
  return withRev(session, rev, call, async ({ rev: resolved, snapshot, freshness }) => {
    const { segments } = snapshot;
    const record = snapshot.fileAt(path)?.record;
    if (record === undefined) throw missingPath(snapshot, path);
    const symbols: OutlineSymbol[] = [];
    let firstLine = 1;
    for (const doc of record.skipped === null ? record.docs : []) {
      for (const { name, scope, kind, line } of segments.chunkSymbols(doc).symbols)
        symbols.push({ name, scope, kind, line: firstLine + line });
      const segment = segments.segmentOfDoc(doc);
      firstLine += segment.column('lineCount')[doc - segment.docBase]!;
    }
    return { rev: resolved, path, symbols, freshness: await freshness() };
  });
}
