import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { languages } from '../../src/model/index.js';
import type { Target } from '../../src/evaluation/index.js';

export interface LabelledQuery {
  readonly query: string;
  readonly category: string;
  readonly targets: readonly Target[];
}

export interface LabelledRepository {
  readonly name: string;
  readonly language: string;
  /** Git directory or work tree. */
  readonly path: string;
  /** What is indexed: a commit, or a folder in it. */
  readonly rev: string;
  /** Put before paths of that tree, to make them relative to the repository's root. */
  readonly prefix: string;
  readonly queries: readonly LabelledQuery[];
}

/** NDCG@10 by method, then by repository. */
export type Published = Readonly<Record<string, Readonly<Record<string, number>>>>;

interface RepositoryEntry {
  readonly name: string;
  readonly repo: string;
  readonly revision: string;
  readonly language: string;
  readonly benchmark_root: string | null;
}

interface LabelEntry {
  readonly query: string;
  readonly category: string;
  readonly relevant: readonly TargetEntry[];
  readonly secondary?: readonly TargetEntry[];
}

type TargetEntry = string | { readonly path: string; readonly start_line?: number; readonly end_line?: number };

/** The sets hold code files only. */
const prose = new Set(
  (
    'text markdown json yaml toml ini xml html css scss less csv diff ignore lockfile restructuredtext asciidoc latex ' +
    'gomod make cmake dockerfile template'
  ).split(' '),
);
export const codeLanguages = languages.map(({ id }) => id).filter((id) => !prose.has(id));

/** Reads `repos.json` and `annotations/NAME.json` in `sets`; repositories that are not in `repositories` are left out. */
export function readSets(
  sets: string,
  repositories: string,
): { repositories: LabelledRepository[]; missing: string[]; published: Published } {
  const missing: string[] = [];
  const found: LabelledRepository[] = [];
  for (const entry of readJson(join(sets, 'repos.json')) as RepositoryEntry[]) {
    const path = repositoryFolder(repositories, entry);
    if (path === undefined) missing.push(entry.name);
    else found.push(labelled(sets, entry, path));
  }
  const publishedPath = join(sets, 'published.json');
  const published = existsSync(publishedPath) ? (readJson(publishedPath) as { methods: Published }).methods : {};
  return { repositories: found, missing, published };
}

function labelled(sets: string, entry: RepositoryEntry, path: string): LabelledRepository {
  const { name, language, revision } = entry;
  const root = entry.benchmark_root ?? '';
  const labels = readJson(join(sets, 'annotations', `${name}.json`)) as LabelEntry[];
  return {
    name,
    language,
    path,
    rev: root === '' ? revision : `${revision}:${root}`,
    prefix: root === '' ? '' : `${root}/`,
    queries: labels.map(({ query, category, relevant, secondary = [] }) => ({
      query: asText(query),
      category,
      targets: [...relevant, ...secondary].map(targetOf),
    })),
  };
}

/** The sets' queries are prose: what reads as syntax in them is not meant so. */
function asText(query: string): string {
  return query.replace(/["()/]|(?<=^|\s)-/g, ' ').replace(/\bor\b/gi, ' ');
}

function targetOf(entry: TargetEntry): Target {
  if (typeof entry === 'string') return { path: entry };
  const { path, start_line: startLine, end_line: endLine } = entry;
  return startLine === undefined || endLine === undefined ? { path } : { path, startLine, endLine };
}

/** `NAME` or `OWNER+NAME/repo`, whichever is there. */
function repositoryFolder(folder: string, { name, repo }: RepositoryEntry): string | undefined {
  const candidates = [name, repo.split('/')[1]!, join(repo.replace('/', '+'), 'repo')];
  return candidates
    .map((candidate) => join(folder, candidate))
    .find((path) => existsSync(path) && readdirSync(path).some((file) => file === 'HEAD' || file === '.git'));
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
