import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { languageOfPath } from '../../src/chunking/index.js';
import { codeLanguages } from './sets.js';

/** What a commit says it does, asked at its parent: the files that it changed are the answer. */
export interface HistoryQuestion {
  readonly commit: string;
  readonly parent: string;
  readonly query: string;
  readonly paths: readonly string[];
}

export interface HistoryRepository {
  readonly name: string;
  readonly path: string;
  /** For choosing values; the others are for reporting alone. By the name, so that a repository that is added changes no other. */
  readonly isForTuning: boolean;
}

/** Repositories in a folder, as `OWNER+NAME/repo`, that labels are not about. */
export function historyRepositories(folder: string, neverFile: string): HistoryRepository[] {
  const never = existsSync(neverFile)
    ? new Set(readFileSync(neverFile, 'utf8').toLowerCase().split('\n'))
    : new Set<string>();
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'repo', 'HEAD')))
    .filter((name) => !never.has(name.replace('+', '/').toLowerCase()))
    .sort()
    .map((name) => ({ name, path: join(folder, name, 'repo'), isForTuning: hashOf(name) % 2 === 0 }));
}

function hashOf(text: string): number {
  let hash = 2166136261;
  for (const char of text.toLowerCase()) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Looked through for questions: old commits are another project. */
const commitsMax = 4000;
/** One of so many that can be asked is: a few years of a repository, in trees that have most in common. */
const sampled = 4;
const codeFilesMax = 3;
const filesMax = 12;

const saysNothing =
  /\b(?:revert|reverts|reverted|release|released|releases|typos?|bump|bumps|bumped|bumping|changelog|version|versions|merge|merges|merged|backport|prettier|lint|linter|linting|eslint|rubocop|clippy|copyright|whitespace|spelling|upgrade|wip|fixup|squash)\b/i;
const testPath =
  /(?:^|\/)(?:tests?|__tests__|specs?|testing|testdata|fixtures?|e2e|mocks?)\/|(?:^|\/)test_[^/]*$|[._-](?:test|tests|spec)\.[^/]+$|(?:Test|Tests|Spec|Specs)\.[a-z]+$|\.bats$/;

/** Questions of a repository's recent commits: the same ones whenever they are asked. */
export function historyQuestions(path: string, count: number): HistoryQuestion[] {
  const log = execFileSync(
    'git',
    [
      '--git-dir',
      path,
      'log',
      '--no-merges',
      '-n',
      String(commitsMax),
      '--name-status',
      '--no-renames',
      '-z',
      '--format=%x01%H%x02%P%x02%s',
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  const code = new Set(codeLanguages);
  const isCode = (file: string): boolean => code.has(languageOfPath(file).language) && !testPath.test(file);
  const questions: HistoryQuestion[] = [];
  const asked = new Set<string>();
  for (const entry of log.split('\x01').slice(1)) {
    const [head, ...fields] = entry.split('\0').map((field) => field.replace(/^\n/, ''));
    const [commit, parents, subject] = head!.split('\x02') as [string, string, string];
    if (parents.includes(' ') || parents === '' || saysNothing.test(subject)) continue;
    const changes: { readonly status: string; readonly file: string }[] = [];
    for (let i = 0; i + 1 < fields.length; i += 2) changes.push({ status: fields[i]!, file: fields[i + 1]! });
    const changed = changes.filter(({ file }) => isCode(file));
    const paths = changed.filter(({ status }) => status !== 'A').map(({ file }) => file);
    if (changes.length > filesMax || changed.length > codeFilesMax || paths.length === 0) continue;
    const query = askedBy(subject);
    if (query.split(' ').length < 3 || asked.has(query)) continue;
    asked.add(query);
    questions.push({ commit, parent: parents, query, paths });
    if (questions.length === count * sampled) break;
  }
  return questions.filter((_, i) => i % Math.max(1, Math.floor(questions.length / count)) === 0).slice(0, count);
}

/** A subject without what names its commit rather than its matter: prefixes, numbers of issues, names of files. Prose: nothing in it is syntax. */
export function askedBy(subject: string): string {
  return subject
    .replace(/^\s*(?:\[[^\]]*\]\s*)+/, '')
    .replace(/^[\w./-]+(?:\([^)]*\))?!?:\s+/, '')
    .replace(/\(?(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|see|refs?|gh)?[\s:-]*(?:#|gh-)\d+\)?/gi, ' ')
    .replace(/\S*\/\S*/g, ' ')
    .replace(
      /(?<=^|[\s`'"(])[\w.-]+\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|c|h|cc|cpp|hpp|cs|php|lua|sh|ex|exs|hs|scala|swift|md|json|ya?ml|toml|vue|svelte|pl|pm|zsh|el|vim|m)\b/g,
      ' ',
    )
    .replace(/["()/`:]|(?<=^|\s)-/g, ' ')
    .replace(/\bor\b/gi, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
