import type { LineChange, LineHistory } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { integer, listSchema, objectSchema, text } from '../answers/answer-schema.js';
import { clipLine, plural, shortCommit, showPath } from '../answers/code-text.js';
import { leftOutNote } from '../answers/left-out.js';
import { clip } from '../answers/token-budget.js';
import { defineTool, filterArguments, offsetArgument, revArgument, sizeArgument } from '../tool.js';

const { pattern, literal, ignoreCase, wholeWord } = operations.log.parameters;

/** Lines that are asked of the engine at most, past the offset. */
const linesMax = 500;
/** Of many changes of a line the newest and the first are shown. */
const newestShown = 5;
const namesShown = 3;
/** Characters of a line that are shown. */
const lineLength = 150;

const texts = { type: 'array', items: text } as const;

export const log = defineTool({
  name: 'log',
  title: 'History of lines',
  description:
    'Who added (+) or removed (-) lines that match, and when, now or ever. The first call indexes the history: it can take minutes.',
  effect: operations.log.effect,
  parameters: {
    pattern: { ...pattern, help: 'regular expression' },
    rev: { ...revArgument.rev, default: 'HEAD', help: 'whose history, or A..B' },
    literal: { ...literal, help: '' },
    ignore_case: { ...ignoreCase, help: '' },
    whole_word: { ...wholeWord, help: '' },
    ...filterArguments,
    ...offsetArgument,
    ...sizeArgument,
  },
  answer: listSchema(
    'lines',
    objectSchema({
      line: text,
      changes: {
        type: 'array',
        items: objectSchema({
          change: { enum: ['added', 'removed'] },
          commit: text,
          date: text,
          author: text,
          subject: text,
          paths: texts,
        }),
      },
      changes_total: integer,
      refs: texts,
      refs_total: integer,
    }),
    { repo: text, rev: text },
  ),
  async run(context, { rev, pattern, literal, ignore_case, whole_word, offset, max_tokens, ...filter }) {
    const options = {
      ...filter,
      literal: literal === true,
      ignoreCase: ignore_case === true,
      wholeWord: whole_word === true,
      maxCount: offset + linesMax,
      ...context.call,
    };
    const title = `lines in the history of ${clip(rev, 300)}, the one that changed last first`;
    const fields = { repo: context.repo(), rev };
    const answer = context.list({ maxTokens: max_tokens, title, list: 'lines', fields });
    let seen = 0;
    let full = false;
    for await (const history of context.engine().log(pattern, [rev], options)) {
      if (seen++ < offset) continue;
      full = !answer.add(...historyBlock(history));
      if (full) break;
    }
    const shown = answer.count;
    if (seen === 0) return answer.end('No line of it matches.');
    const ways = [`go on with offset: ${offset + shown}`, 'narrow with paths or a longer pattern'];
    const atLeast = full || seen === offset + linesMax;
    return answer.end(leftOutNote({ unit: 'line', count: 0, atLeast, shown, ways }));
  },
});

interface SignedChange extends LineChange {
  readonly change: 'added' | 'removed';
}

function historyBlock(history: LineHistory): [string, object] {
  const line = clipLine(history.line, 1, lineLength);
  const changes = newestFirst(history);
  const shown = changes.length <= newestShown + 1 ? changes : [...changes.slice(0, newestShown), changes.at(-1)!];
  const rows = shown.map(showChange);
  if (shown.length < changes.length) rows.splice(-1, 0, `  … ${plural(changes.length - shown.length, 'more change')}`);
  const refs = history.refs.slice(0, namesShown).map((ref) => clip(ref, 100));
  const now = refs.length === 0 ? 'no branch or tag' : listed(refs, history.refs.length);
  return [
    `\n${line}\n${rows.join('\n')}\n  now in ${now}`,
    {
      line,
      changes: shown.map(({ change, commit, date, author, subject, paths }) => ({
        change,
        commit,
        date,
        author: nameOf(author),
        subject: clip(subject, 200),
        paths: paths.slice(0, namesShown),
      })),
      changes_total: changes.length,
      refs,
      refs_total: history.refs.length,
    },
  ];
}

/** Of two changes in one second the one that took the line is taken for the later. */
function newestFirst({ appeared, disappeared }: LineHistory): SignedChange[] {
  const removed = disappeared.map((change): SignedChange => ({ ...change, change: 'removed' }));
  const added = appeared.map((change): SignedChange => ({ ...change, change: 'added' }));
  return [...removed, ...added].sort((a, b) => Date.parse(b.committed) - Date.parse(a.committed));
}

function showChange({ change, commit, date, author, subject, paths }: SignedChange): string {
  const where = listed(paths.slice(0, namesShown).map(showPath), paths.length);
  const sign = change === 'added' ? '+' : '-';
  return `  ${sign} ${shortCommit(commit)} ${date.slice(0, 10)} ${nameOf(author)}: ${clip(subject, 80)} (${where})`;
}

const nameOf = (author: string): string => clip(author.replace(/\s*<.*>$/, ''), 60);

/** `a, b and 12 more` */
function listed(shown: readonly string[], total: number): string {
  return `${shown.join(', ')}${total > shown.length ? ` and ${total - shown.length} more` : ''}`;
}
