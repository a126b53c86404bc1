// Exactness against git: npm run bench -- exactness --repo PATH [--cases 2000] [--commits 20] [--seed 1]
//
// Random literals (from the repository's own lines, and ones it has not) and random regular expressions made of them,
// at random commits, against `git grep -nI` there. The target is no differing line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEngine } from 'coppice';
import { openRepository } from '../src/git/index.js';
import { randomFrom } from '../test/crash/support/random.js';
import { compareGrep, gitText, hasPerlPatterns, largeFiles } from '../test/property/support/git-grep.js';
import type { GrepCase } from '../test/property/support/git-grep.js';
import { machine, option, printTable, repositoryName, writeJson } from './support/measure.js';

const repo = resolve(option('repo'));
const caseCount = Number(option('cases', '2000'));
const commitCount = Number(option('commits', '20'));
const seed = Number(option('seed', '1'));
const random = randomFrom(seed);
const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;

const repository = await openRepository(repo);
const { commonDir: gitDir } = repository;
repository.close();
const folder = mkdtempSync(join(tmpdir(), 'coppice-exactness-'));
const engine = await openEngine({ repo, store: join(folder, 'store') });
try {
  await compareAll();
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}

async function compareAll(): Promise<void> {
  const kinds = hasPerlPatterns(gitDir)
    ? (['literal', 'absent', 'regex', 'regex'] as const)
    : (['literal', 'absent'] as const);
  const all = gitText(gitDir, ['rev-list', '--all']).split('\n');
  const commits = Array.from({ length: commitCount }, () => pick(all));
  const totals = { cases: 0, withLines: 0, lines: 0, missing: 0, extra: 0 };
  const differing: unknown[] = [];
  for (const [i, commit] of commits.entries()) {
    const excluded = largeFiles(gitDir, commit);
    await engine.index([commit]);
    const lines = await linesOf(commit);
    const cases = Math.floor((caseCount * (i + 1)) / commitCount) - Math.floor((caseCount * i) / commitCount);
    for (let n = 0; n < cases; n++) {
      const search = makeCase(pick(kinds), lines);
      if (search === null) continue;
      const { missing, extra, common } = await compareGrep(engine, gitDir, commit, search, excluded);
      totals.cases++;
      totals.lines += common;
      totals.missing += missing.length;
      totals.extra += extra.length;
      if (common > 0) totals.withLines++;
      if (missing.length + extra.length === 0) continue;
      differing.push({ commit, search, missing: missing.slice(0, 3), extra: extra.slice(0, 3) });
      console.error(JSON.stringify(differing.at(-1)));
    }
    process.stderr.write(`\r${totals.cases} cases `);
  }
  process.stderr.write('\n');
  const differ = totals.missing + totals.extra;
  printTable(`exactness on ${repositoryName(repo)} against ${gitText(gitDir, ['--version'])}; ${machine()}`, [
    { what: `cases, at ${new Set(commits).size} commits`, measured: String(totals.cases), target: '', met: null },
    { what: 'of which with matching lines', measured: String(totals.withLines), target: '', met: null },
    { what: 'lines that both have', measured: totals.lines.toLocaleString('en'), target: '', met: null },
    {
      what: 'lines that differ',
      measured: `${differ} (${totals.missing} missing, ${totals.extra} extra)`,
      target: '0',
      met: differ === 0,
    },
  ]);
  writeJson(`exactness-${repositoryName(repo)}`, { machine: machine(), seed, ...totals, differing });
}

/** Some thousand lines of a commit's text files. */
async function linesOf(commit: string): Promise<string[]> {
  const { files } = await engine.grepCounts('\\S', { rev: commit });
  const lines: string[] = [];
  for (let tries = 0; tries < 60 && files.length > 0; tries++) {
    const { content } = await engine.show(commit, pick(files).path);
    const own = Buffer.from(content).toString('latin1').split('\n').slice(0, -1);
    for (let n = 0; n < 50 && own.length > 0; n++) lines.push(pick(own));
  }
  return lines.map((line) => line.trim()).filter((line) => line.length > 2 && /^[\x20-\x7e]*$/.test(line));
}

function makeCase(kind: 'literal' | 'absent' | 'regex', lines: readonly string[]): GrepCase | null {
  if (lines.length === 0) return null;
  const flags = { ignoreCase: random(4) === 0, wholeWord: random(6) === 0 };
  if (kind === 'absent') {
    const piece = part(lines);
    const at = random(piece.length);
    return { pattern: `${piece.slice(0, at)}${random(1e6).toString(36)}${piece.slice(at)}`, literal: true, ...flags };
  }
  return kind === 'literal'
    ? { pattern: part(lines), literal: true, ...flags }
    : { pattern: makeRegex(lines), literal: false, ...flags };
}

/** A piece of a line: words mostly, now and then any run of characters. */
function part(lines: readonly string[]): string {
  const line = pick(lines);
  const words = line.match(/[\w$]{2,}/g);
  if (words !== null && random(3) > 0) return pick(words);
  const length = 3 + random(20);
  const from = random(Math.max(1, line.length - length));
  return line.slice(from, from + length);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function makeRegex(lines: readonly string[]): string {
  const literal = (): string => escaped(part(lines));
  const glue = (): string => pick(['.*', '\\s*', '\\s+', '\\w+', '[^,]*', '.{0,12}', '[A-Za-z_]+', '\\W', '.']);
  switch (random(9)) {
    case 0:
      return `${literal()}|${literal()}`;
    case 1:
      return `^\\s*${literal()}`;
    case 2:
      return `${literal()}\\s*[;,{]?$`;
    case 3:
      return `\\b${literal()}\\b`;
    case 4:
      return `(?:${literal()}|${literal()})${glue()}${literal()}`;
    case 5: {
      const word = part(lines);
      const at = random(word.length);
      return `${escaped(word.slice(0, at))}[${pick(['a-z', 'A-Z0-9', '^a-e', '\\w.'])}]${pick(['', '+', '?', '*', '{1,3}'])}${escaped(word.slice(at + 1))}`;
    }
    case 6:
      return `${literal()}(?=${glue()})`;
    case 7:
      return `(${glue()})${literal()}`;
    default:
      return `${literal()}${glue()}${literal()}`;
  }
}
