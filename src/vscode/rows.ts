import type { Asked } from './asked.js';

/** As the protocol has it: counted from 0. */
export interface Range {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/** Where a row leads. */
export interface Target {
  /** Of the file on disk; absent where it is shown as a rev has it. */
  readonly uri?: string;
  readonly rev?: string;
  readonly path: string;
  /** URI of the repository. */
  readonly folder?: string;
  readonly range: Range;
}

/** A row of the view: a file or line of history with rows below it, or a place. */
export interface Row {
  readonly label: string;
  readonly detail: string;
  readonly tooltip: string;
  readonly target?: Target;
  readonly children: readonly Row[];
}

interface Placed {
  readonly uri: string;
  /** URI of the repository that has it. */
  readonly folder: string;
  readonly path: string;
  readonly range: Range;
  readonly package?: string;
  readonly version?: string;
}

export interface HitAnswer extends Placed {
  readonly symbol: string;
  readonly kind: string;
  readonly text: string;
  readonly matches: readonly { readonly line: number; readonly range: Range }[];
  readonly startLine: number;
  readonly endLine: number;
}

export interface LineAnswer extends Placed {
  readonly text: string;
  readonly line: number;
}

export interface ChangeAnswer {
  readonly commit: string;
  readonly date: string;
  readonly author: string;
  readonly subject: string;
  readonly paths: readonly string[];
}

export interface HistoryAnswer {
  readonly line: string;
  readonly folder: string;
  readonly appeared: readonly ChangeAnswer[];
  readonly disappeared: readonly ChangeAnswer[];
}

/** What the language server answers to `commandOf`. */
export interface Answers {
  readonly hits?: readonly HitAnswer[];
  readonly lines?: readonly (LineAnswer | HistoryAnswer)[];
  readonly repositories: readonly { readonly folder: string; readonly error?: { readonly message: string } }[];
}

/** The rows of an answer. */
export function rowsOf(asked: Asked, answers: Answers): Row[] {
  switch (asked.mode) {
    case 'ranked':
      return (answers.hits ?? []).map((hit) => hitRow(hit, asked.rev));
    case 'exact':
      return linesByFile((answers.lines ?? []) as readonly LineAnswer[], asked.rev);
    case 'history':
      return ((answers.lines ?? []) as readonly HistoryAnswer[]).map(historyRow);
  }
}

/** How many there are, for the title of the view; what of the workspace did not answer is told too. */
export function messageOf(asked: Asked, answers: Answers): string {
  const count = (answers.hits ?? answers.lines ?? []).length;
  const nouns = { ranked: 'result', exact: 'line', history: 'line' } as const;
  const noun = `${nouns[asked.mode]}${count === 1 ? '' : 's'}`;
  const where = asked.rev === '' ? '' : ` at ${asked.rev}`;
  const reach = asked.reach === 'own' || asked.mode === 'history' ? '' : ` (${asked.reach})`;
  const failures = answers.repositories.flatMap(({ error }) => (error === undefined ? [] : [error.message]));
  return [`${count} ${noun} for ${asked.query}${where}${reach}`, ...failures].join(' · ');
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const packageOf = ({ package: name, version }: Placed): string =>
  name === undefined ? '' : `${name} ${version ?? ''}`;
const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ');

/** Of a rev the file is shown as it is there; else the one on disk. */
const targetOf = ({ uri, path, folder }: Placed, range: Range, rev: string): Target =>
  rev === '' ? { uri, path, range } : { rev, path, folder, range };

function hitRow(hit: HitAnswer, rev: string): Row {
  const first = hit.matches[0];
  const lines = hit.text.split('\n');
  const text = (lines[(first?.line ?? hit.startLine) - hit.startLine] ?? '').trim();
  return {
    label: hit.symbol === '' ? fileName(hit.path) : hit.symbol,
    detail: joined(packageOf(hit), hit.path),
    tooltip: `${hit.path}:${hit.startLine}-${hit.endLine}\n\n${hit.text}`,
    target: targetOf(hit, first?.range ?? hit.range, rev),
    children:
      text === ''
        ? []
        : [
            {
              label: text,
              detail: '',
              tooltip: text,
              target: targetOf(hit, first?.range ?? hit.range, rev),
              children: [],
            },
          ],
  };
}

function linesByFile(lines: readonly LineAnswer[], rev: string): Row[] {
  const files = new Map<string, LineAnswer[]>();
  for (const line of lines) {
    const known = files.get(line.uri);
    if (known === undefined) files.set(line.uri, [line]);
    else known.push(line);
  }
  return Array.from(files.values(), (found) => {
    const [first] = found as [LineAnswer];
    return {
      label: fileName(first.path),
      detail: joined(packageOf(first), folderOf(first.path), String(found.length)),
      tooltip: first.path,
      children: found.map((line) => ({
        label: line.text.trim(),
        detail: String(line.line),
        tooltip: line.text,
        target: targetOf(line, line.range, rev),
        children: [],
      })),
    };
  });
}

const top: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function historyRow({ line, folder, appeared, disappeared }: HistoryAnswer): Row {
  const change = (sign: string, { commit, date, author, subject, paths }: ChangeAnswer): Row & { date: string } => ({
    label: `${sign} ${subject}`,
    detail: joined(date.slice(0, 10), commit.slice(0, 9), paths[0] ?? ''),
    tooltip: `${commit}\n${author}\n${paths.join('\n')}`,
    // A line that went is still there before that commit.
    target: { rev: sign === '+' ? commit : `${commit}^`, path: paths[0] ?? '', folder, range: top },
    children: [],
    date,
  });
  const changes = [...appeared.map((one) => change('+', one)), ...disappeared.map((one) => change('−', one))];
  changes.sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0));
  return { label: line.trim(), detail: changes[0]?.date.slice(0, 10) ?? '', tooltip: line, children: changes };
}

/** A rev to choose, as the language server names them. */
export interface RevAnswer {
  readonly rev: string;
  readonly kind: string;
  readonly commit: string | null;
  readonly current: boolean;
  readonly indexed: boolean;
  readonly path?: string;
}

export interface RevChoice {
  /** Empty: what is on disk. */
  readonly rev: string;
  readonly label: string;
  readonly description: string;
}

/** What can be chosen: what is on disk first, then the names, then what was typed. Other work trees are folders of their own. */
export function revChoices(revs: readonly RevAnswer[], typed: string): RevChoice[] {
  const names = revs
    .filter(({ kind }) => kind !== 'worktree')
    .map(({ rev, kind, commit, current, indexed }) => ({
      rev,
      label: rev,
      description: joined(
        kind,
        current ? 'checked out' : '',
        commit?.slice(0, 9) ?? '',
        indexed ? '' : 'not indexed yet',
      ),
    }));
  const distinct = [...new Map(names.map((choice) => [choice.rev, choice])).values()];
  const other =
    typed === '' || distinct.some(({ rev }) => rev === typed)
      ? []
      : [{ rev: typed, label: typed, description: 'as typed' }];
  return [
    { rev: '', label: 'Work tree', description: 'what is on disk, unsaved changes included' },
    ...distinct,
    ...other,
  ];
}
