import { createHash } from 'node:crypto';
import { CoppiceError } from '../../../base/index.js';
import type { FileEntry, ShownText } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { boolean, integer, nullableText, objectSchema, provenance, text } from '../answers/answer-schema.js';
import { numberLines, plural, showPath, splitLines } from '../answers/code-text.js';
import { leftOutNote } from '../answers/left-out.js';
import type { ToolAnswer } from '../answers/list-answer.js';
import { provenanceOf, showRev } from '../answers/provenance.js';
import { byteLength, bytesPerToken, jsonLength, largestFitting } from '../answers/token-budget.js';
import { defineTool, packageArguments, packageOptions, revArgument, sizeArgument, type ToolContext } from '../tool.js';

const { path, start, end } = operations.show.parameters;

/** Files of a folder that are looked at, to list what it has. */
const filesMax = 200_000;

export const read = defineTool({
  name: 'read',
  title: 'Read a file or list a folder',
  description: 'Numbered lines of a file at any rev; of a folder ("." for the top) what is in it.',
  effect: operations.show.effect,
  parameters: {
    path: { ...path, maxLength: 1000, help: 'file or folder, from the top' },
    ...revArgument,
    start_line: { ...start, help: '' },
    end_line: { ...end, help: '' },
    with_deps: packageArguments.with_deps,
    ...sizeArgument,
  },
  answer: objectSchema(
    {
      ...provenance,
      path: text,
      blob: nullableText,
      start_line: integer,
      end_line: integer,
      total_lines: integer,
      text,
      binary: boolean,
      entries: { type: 'array', items: objectSchema({ path: text, files: integer, bytes: integer }) },
      note: text,
    },
    ['blob', 'start_line', 'end_line', 'total_lines', 'text', 'binary', 'entries', 'note'],
  ),
  run: (context, { rev, path, start_line: start, end_line: end, max_tokens: maxTokens, with_deps }) =>
    context.atRev(rev, async (at) => {
      const clean = path.replace(/^(?:\.?\/)+|\/+$/g, '').replace(/^\.$/, '');
      if (clean === '' || path.endsWith('/')) return listFolder(context, at, clean, { maxTokens, with_deps });
      try {
        const options = { ...packageOptions({ with_deps }), ...context.call };
        const shown = await context.engine().show(at, clean, undefined, options);
        return answerFile(context, shown, { start, end, maxTokens });
      } catch (error) {
        if (!(error instanceof CoppiceError) || error.code !== 'PATH_NOT_FOUND') throw error;
        return await listFolder(context, at, clean, { maxTokens, with_deps }, error);
      }
    }),
});

interface Lines {
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly maxTokens: number;
}

function answerFile(
  context: ToolContext,
  shown: ShownText,
  { start = 1, end = Infinity, maxTokens }: Lines,
): ToolAnswer {
  const { rev, path, freshness, content } = shown;
  const asked = { ...provenanceOf(context.repo(), rev, freshness), path, blob: blobOid(content, rev.tree) };
  const heading = `${showPath(path)} at ${showRev(asked)}`;
  if (content.includes(0)) {
    const bytes = plural(content.length, 'byte');
    return { text: `${heading}: binary, ${bytes}`, structured: { ...asked, binary: true, note: bytes } };
  }
  const lines = splitLines(Buffer.from(content.buffer, content.byteOffset, content.length).toString('utf8'));
  const total = lines.length;
  if (start > Math.max(1, total) || end < start) {
    throw new CoppiceError(
      'LINES_OUT_OF_RANGE',
      `${path} has ${plural(total, 'line')}; there is no ${start} to ${end}`,
      {
        hint: 'give start_line and end_line between 1 and that, or neither',
      },
    );
  }
  const wanted = lines.slice(start - 1, end);
  const answer = (count: number): ToolAnswer => {
    const last = start + count - 1;
    const text = numberLines(wanted.slice(0, count), start);
    const note = leftOutNote({
      unit: 'line',
      count: wanted.length - count,
      shown: count,
      ways: [`go on with start_line: ${last + 1}`],
    });
    const title = `${heading}: ${total === 0 ? 'empty' : `lines ${start}-${last} of ${total}`}`;
    return {
      text: [title, ...(text === '' ? [] : [text]), ...(note === null ? [] : [note])].join('\n'),
      structured: { ...asked, start_line: start, end_line: last, total_lines: total, text, ...(note && { note }) },
    };
  };
  const bytes = maxTokens * bytesPerToken;
  const fits = (count: number): boolean => {
    const { text, structured } = answer(count);
    return byteLength(text) <= bytes && (!context.withData || jsonLength(structured) <= bytes);
  };
  // A line takes at least its number and what parts it from the next: no need to try with more.
  return answer(largestFitting(Math.min(wanted.length, bytes), fits));
}

/** As git names the content; the tree tells by which hash. */
function blobOid(content: Uint8Array, tree: string): string {
  const hash = createHash(tree.length === 40 ? 'sha1' : 'sha256');
  return hash.update(`blob ${content.length}\0`).update(content).digest('hex');
}

interface FolderEntry {
  /** Ends in `/` where it is a folder. */
  readonly path: string;
  files: number;
  bytes: number;
}

/** What a folder has, folders with all that is below them; `otherwise` is thrown where there is no such folder. */
async function listFolder(
  context: ToolContext,
  rev: string,
  folder: string,
  { maxTokens, with_deps }: { readonly maxTokens: number; readonly with_deps: boolean | undefined },
  otherwise?: CoppiceError,
): Promise<ToolAnswer> {
  // The leading slash is no part of the pattern: it keeps a folder's `!` from excluding.
  const glob = `/${folder.replace(/[*?[{\\]/g, '\\$&')}/**`;
  const filter = { ...packageOptions({ with_deps }), ...(folder === '' ? {} : { paths: [glob] }) };
  const found = await context.engine().files({ rev, limit: filesMax, ...filter, ...context.call });
  if (found.files.length === 0 && folder !== '') {
    throw otherwise ?? new CoppiceError('PATH_NOT_FOUND', `there is no folder ${folder} at that rev`);
  }
  const entries = entriesOf(found.files, folder === '' ? 0 : folder.length + 1);
  const asked = { ...provenanceOf(context.repo(), found.rev, found.freshness), path: folder === '' ? '.' : folder };
  const title = `${showPath(asked.path)}/ at ${showRev(asked)}: ${plural(found.total, 'file')}`;
  const answer = context.list({ maxTokens, title, list: 'entries', fields: asked });
  for (const entry of entries) {
    const isFolder = entry.path.endsWith('/');
    const size = isFolder ? plural(entry.files, 'file') : `${entry.bytes} B`;
    if (!answer.add(`${showPath(entry.path.slice(folder === '' ? 0 : folder.length + 1))} ${size}`, entry)) break;
  }
  const shown = answer.count;
  const ways = ['raise max_tokens', 'read a folder in it'];
  return answer.end(leftOutNote({ unit: 'entry', units: 'entries', count: entries.length - shown, shown, ways }));
}

/** The files themselves, and the folders that others are in; in the order of the tree. */
function entriesOf(files: readonly FileEntry[], depth: number): FolderEntry[] {
  const entries = new Map<string, FolderEntry>();
  for (const { path, sizeBytes } of files) {
    const slash = path.indexOf('/', depth);
    const name = slash < 0 ? path : path.slice(0, slash + 1);
    const entry = entries.get(name) ?? { path: name, files: 0, bytes: 0 };
    entry.files++;
    entry.bytes += sizeBytes;
    entries.set(name, entry);
  }
  return [...entries.values()];
}
