import { TimeSlices, elapsedMs } from '../../base/index.js';
import { Deadline, compilePattern, literalsRegex } from '../../pattern/index.js';
import { fileLines, fileMask, grepLines, unmatchedPaths } from '../../search/index.js';
import type { GrepLine } from '../../search/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { lexicalPlaces } from '../../text/index.js';
import { checkCount, checkDeadline } from '../limits.js';
import { withRev } from '../revs/revs.js';
import type { OpenedRev, Scope } from '../session/scope.js';
import { placeOf } from './places.js';
import { FileDefinitions } from './file-definitions.js';
import { checkName } from './symbols.js';
import { unsearchedFiles } from './unsearched.js';
import type { MentionPlace, Reference, ReferenceGroup, ReferencesOptions, ReferencesResult } from '../types.js';

const limitDefault = 1000;

/** See `Engine.references`. */
export async function referencesTo(scope: Scope, asked: string, options: ReferencesOptions): Promise<ReferencesResult> {
  const startMs = elapsedMs();
  checkName(asked);
  const name = lastPart(asked);
  const limit = checkCount('limit', options.limit, limitDefault);
  const deadline = new Deadline(checkDeadline(options.deadlineMs));
  const pattern = compilePattern(name, { literal: true, wholeWord: true });
  return withRev(scope, options.rev, options, async (opened) => {
    const { rev, snapshot, freshness, origin } = opened;
    const { signal, mentions = false } = options;
    const mask = await fileMask(snapshot, options, signal);
    const slices = new TimeSlices(signal);
    const lines = { code: 0, comment: 0, string: 0, text: 0 };
    const groups: ReferenceGroup[] = [];
    let listed = 0;
    let truncated = false;
    const request = { pattern, mask, deadline, signal, maxCount: Infinity };
    for await (const found of byFile(grepLines(snapshot, request))) {
      if (slices.isOver) await slices.next();
      const definitions = new FileDefinitions(snapshot.segments, snapshot.files[found[0]!.file]!.record);
      const references = readReferences(snapshot, definitions, found, name);
      const wanted = references.filter(({ place }) => mentions || place === 'code');
      const kept = wanted.slice(0, limit - listed);
      for (const reference of kept.length < wanted.length ? kept : references) lines[reference.place]++;
      for (const group of groupReferences(snapshot, definitions, origin, found[0]!.file, kept, name))
        groups.push(group);
      listed += kept.length;
      if (kept.length < wanted.length) {
        truncated = true;
        break;
      }
    }
    return {
      rev,
      name,
      groups,
      lines,
      truncated,
      unsearched: unsearchedFiles(opened, mask),
      unmatched: await unmatchedPaths([snapshot], options, signal),
      freshness: await freshness(),
      tookMs: elapsedMs() - startMs,
    };
  });
}

/** Of `Scope.name`, `Scope::name` and `Scope#name` the name. A name of punctuation alone is whole. */
const lastPart = (name: string): string => /[^.:#]*[^.:#\s]$/.exec(name)?.[0] ?? name;

/** The lines of one file after the other. */
async function* byFile(
  batches: AsyncGenerator<readonly GrepLine[], boolean, undefined>,
): AsyncGenerator<readonly GrepLine[], void, undefined> {
  let ofFile: GrepLine[] = [];
  for await (const batch of batches) {
    for (const line of batch) {
      if (ofFile.length > 0 && ofFile[0]!.file !== line.file) {
        yield ofFile;
        ofFile = [];
      }
      ofFile.push(line);
    }
  }
  if (ofFile.length > 0) yield ofFile;
}

/** What each line's mentions are in: code, if any of them is. */
function readReferences(
  snapshot: Snapshot,
  definitions: FileDefinitions,
  found: readonly GrepLine[],
  name: string,
): Reference[] {
  const regex = literalsRegex([name], 'g');
  const columns = found.map(({ text, column }) => wholeWords(text, regex, column));
  const places = placesOf(snapshot, found, columns, definitions.language);
  return found.map(({ line, text, length }, i): Reference => {
    const best = placeOrder.find((place) => places[i]!.includes(place))!;
    const column = columns[i]![places[i]!.indexOf(best)]!;
    const reference = { line: line + 1, column: column + 1, length, text, place: best };
    return best === 'code' && definitions.defines(line, name) ? { ...reference, isDefinition: true } : reference;
  });
}

const placeOrder: readonly MentionPlace[] = ['code', 'string', 'comment', 'text'];

/** Columns from 0 at which a line has the name as a whole word; the one that the search found at least. */
function wholeWords(text: string, regex: RegExp, found: number): number[] {
  const columns: number[] = [];
  for (const { index, 0: match } of text.matchAll(regex)) {
    const isWhole = !isWord(text[index - 1]) && !isWord(text[index + match.length]);
    if (isWhole || index === found) columns.push(index);
  }
  return columns.length === 0 ? [found] : columns;
}

const isWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}_]/u.test(character);

function placesOf(
  snapshot: Snapshot,
  found: readonly GrepLine[],
  columns: readonly (readonly number[])[],
  language: string,
): MentionPlace[][] {
  const { file } = found[0]!;
  // A large text has no symbols and is data; what its quotes and marks mean is not read.
  if (snapshot.files[file]!.record.exactOnly) return columns.map((ofLine) => ofLine.map(() => 'text'));
  const lines = fileLines(snapshot, file);
  const offsets: number[] = [];
  let start = 0;
  let at = 0;
  for (const [i, { line }] of found.entries()) {
    for (; at < line; at++) start += lines[at]!.length + 1;
    for (const column of columns[i]!) offsets.push(start + column);
  }
  const places = lexicalPlaces(lines.join('\n'), language, offsets);
  let next = 0;
  return columns.map((ofLine) => ofLine.map(() => places[next++]!));
}

/** The references of one file by the function around them. */
function groupReferences(
  snapshot: Snapshot,
  definitions: FileDefinitions,
  origin: OpenedRev['origin'],
  file: number,
  references: readonly Reference[],
  name: string,
): ReferenceGroup[] {
  const { path } = snapshot.files[file]!;
  const groups = new Map<string, ReferenceGroup & { references: Reference[] }>();
  for (const reference of references) {
    const around = definitions.around(reference.line - 1, name);
    const key = around === null ? '' : `${around.startLine}:${around.line}:${around.name}`;
    const group = groups.get(key);
    if (group !== undefined) group.references.push(reference);
    else
      groups.set(key, {
        ...placeOf(origin(path)),
        language: definitions.language,
        symbol: around === null ? '' : around.scope === '' ? around.name : `${around.scope}.${around.name}`,
        kind: around?.kind ?? '',
        startLine: around?.startLine ?? 0,
        endLine: around?.endLine ?? 0,
        signature: around?.signature ?? '',
        references: [reference],
      });
  }
  return [...groups.values()];
}
