// Training pairs of one repository: what people wrote about code, and the chunk that they wrote it about.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

import { decodeBytes } from '../../src/base/index.js';
import { createChunker, classifyText, isBinary, languageOf } from '../../src/chunking/index.js';
import { languageNumber, languages } from '../../src/model/index.js';
import type { ChunkSpan, Language } from '../../src/model/index.js';
import { Analyzer, chunkNames, splitIdentifier, stem, textTerms } from '../../src/text/index.js';

/** How a text came to be about a chunk. */
export type PairKind = 'comment' | 'name' | 'commit' | 'test' | 'scope' | 'docs';

export interface CorpusChunk {
  readonly language: string;
  readonly file: number;
  /** Number of a term in the corpus' list, its packed frequencies, alternating. */
  readonly terms: readonly number[];
}

export interface CorpusPair {
  readonly kind: PairKind;
  readonly chunk: number;
  /** Terms of the text, as numbers. */
  readonly query: readonly number[];
  readonly text: string;
}

export interface Corpus {
  readonly repository: string;
  readonly commit: string;
  readonly terms: readonly string[];
  /** What each term most often stands for, as words: `cach` for `cache`, `parserequest` for `parse request`. */
  readonly surfaces: readonly string[];
  readonly chunks: readonly CorpusChunk[];
  readonly pairs: readonly CorpusPair[];
}

export interface CorpusLimits {
  readonly files: number;
  readonly bytes: number;
  readonly fileBytes: number;
  readonly commits: number;
}

export const corpusLimits: CorpusLimits = { files: 2500, bytes: 7_000_000, fileBytes: 120_000, commits: 800 };

const vendored =
  /(^|\/)(_?vendor(ed)?|third[_-]?party|node_modules|external|deps|dist|build|generated|fixtures?|testdata|snapshots?|__snapshots__|examples?\/.*lib|bundled?|locales?|i18n|minified)(\/|$)/i;
const otherThanCode = new Set([
  'text',
  'markdown',
  'json',
  'yaml',
  'toml',
  'xml',
  'csv',
  'css',
  'scss',
  'less',
  'html',
  'ini',
  'rst',
]);

/** Reads a repository at a commit. `forbidden` names what must not be trained on: a path with one of these words in it is left out. */
export async function readCorpus(
  repository: string,
  gitDir: string,
  commit: string,
  forbidden: ReadonlySet<string>,
  limits: CorpusLimits = corpusLimits,
): Promise<Corpus> {
  const builder = new CorpusBuilder();
  const chunker = await createChunker();
  const paths = chosenPaths(gitDir, commit, forbidden, limits);
  const places = new Map<string, Place[]>();
  const named = new Map<string, number[]>();
  /** What the definitions of the file so far are for. */
  const described = new Map<string, string>();
  let bytes = 0;
  let file = -1;
  for (const { path, content } of readFiles(gitDir, paths)) {
    file++;
    if (isBinary(content) || content.length > limits.fileBytes) continue;
    const kind = classifyText(content, path);
    if (kind.minified || kind.generated) continue;
    bytes += content.length;
    if (bytes > limits.bytes) break;
    const language = languageOf(path, content);
    const { chunks } = chunker.chunk(content, language);
    const own: Place[] = [];
    for (const chunk of chunks) {
      const number = builder.add(content, chunk, language, file);
      const names = chunk.symbols.map(({ name }) => name);
      own.push({ chunk: number, names });
      if (!isTestPath(path)) for (const name of names) named.set(name, [...(named.get(name) ?? []), number]);
      const body = content.subarray(chunk.startByte, chunk.endByte).toString('utf8');
      const comment = builder.pairsOf(number, body, language, chunk, isTestPath(path));
      const [first] = chunk.symbols;
      if (
        comment !== null &&
        first !== undefined &&
        /class|module|interface|struct|trait|namespace|object/.test(first.kind)
      )
        described.set(first.name, comment);
      const scope = first === undefined ? chunk.continues : first.scope;
      const about = described.get(scope.split(/[.:#]+/).at(-1)!);
      if (about !== undefined && comment !== about && own.length % 3 === 0) builder.pair('scope', number, about);
    }
    described.clear();
    places.set(path, own);
  }
  for (const { text, name } of documentation(gitDir, commit)) {
    const chunks = named.get(name);
    if (chunks !== undefined && chunks.length <= 2) builder.pair('docs', chunks[0]!, text);
  }
  for (const { subject, path, name } of changes(gitDir, commit, limits.commits)) {
    const place = places.get(path)?.find(({ names }) => names.includes(name));
    if (place !== undefined) builder.pair('commit', place.chunk, subject);
  }
  return {
    repository,
    commit,
    terms: builder.terms,
    surfaces: builder.surfaces(),
    chunks: builder.chunks,
    pairs: builder.pairs,
  };
}

interface Place {
  readonly chunk: number;
  readonly names: readonly string[];
}

const isTestPath = (path: string): boolean => /(^|[/._-])(tests?|specs?|__tests__)([/._-]|$)|Tests?\.\w+$/i.test(path);

class CorpusBuilder {
  readonly terms: string[] = [];
  readonly chunks: CorpusChunk[] = [];
  readonly pairs: CorpusPair[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly identifiers = new Map<string, number>();
  private readonly analyzer = new Analyzer();

  add(content: Uint8Array, chunk: ChunkSpan, language: string, file: number): number {
    const { startByte, endByte } = chunk;
    const { symbols, scopes } = chunkNames(chunk);
    const syntax = languages[languageNumber(language)]!;
    const text = Buffer.from(content.buffer, content.byteOffset + startByte, endByte - startByte).toString('utf8');
    for (const [identifier] of text.matchAll(/[\p{L}\p{N}\p{M}_$]{2,64}/gu)) {
      this.identifiers.set(identifier, (this.identifiers.get(identifier) ?? 0) + 1);
    }
    const { terms, frequencies } = this.analyzer.analyze(content, startByte, endByte, syntax, symbols, scopes);
    const packed: number[] = [];
    for (let i = 0; i < terms.length; i++)
      packed.push(this.number(decodeBytes(this.analyzer.termBytes(terms[i]!))), frequencies[i]!);
    this.chunks.push({ language, file, terms: packed });
    return this.chunks.length - 1;
  }

  pairsOf(chunk: number, body: string, language: string, { symbols }: ChunkSpan, inTest: boolean): string | null {
    const comment = leadingProse(body, languages[languageNumber(language)]!, language);
    if (comment !== null) this.pair('comment', chunk, comment);
    const [first] = symbols;
    if (first !== undefined) {
      const words = splitIdentifier(first.name);
      if (words.length >= 2 && words.length <= 8) {
        const scope = first.scope === '' || chunk % 2 === 0 ? [] : splitIdentifier(first.scope.split(/[.:#]+/).at(-1)!);
        this.pair(inTest ? 'test' : 'name', chunk, [...scope, ...words].join(' ').toLowerCase());
      }
    }
    if (inTest) {
      for (const [, , title] of [
        ...body.matchAll(/\b(?:it|test|describe|should|specify|context)\b\s*\(?\s*(['"`])([^'"`\n]{12,120})\1/g),
      ].slice(0, 3))
        this.pair('test', chunk, title!);
    }
    return comment;
  }

  pair(kind: PairKind, chunk: number, text: string): void {
    const query = [...new Set(textTerms(text))].map((term) => this.number(term));
    if (query.length < 2 || query.length > 60) return;
    this.pairs.push({ kind, chunk, query, text });
  }

  surfaces(): string[] {
    const counts = new Map<string, Map<string, number>>();
    const count = (term: string, surface: string, times: number): void => {
      let surfaces = counts.get(term);
      if (surfaces === undefined) counts.set(term, (surfaces = new Map()));
      surfaces.set(surface, (surfaces.get(surface) ?? 0) + times);
    };
    for (const [identifier, times] of this.identifiers) {
      const words = splitIdentifier(identifier).map((word) => word.toLowerCase());
      for (const word of words) count(stem(word), word, times);
      if (words.length > 1) count(words.map(stem).join(''), words.join(' '), times);
    }
    return this.terms.map((term) => {
      const surfaces = [...(counts.get(term) ?? [])].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
      return surfaces[0]?.[0] ?? term;
    });
  }

  private number(term: string): number {
    let number = this.numbers.get(term);
    if (number === undefined) {
      number = this.terms.length;
      this.terms.push(term);
      this.numbers.set(term, number);
    }
    return number;
  }
}

const licence =
  /copyright|licen[cs]e|SPDX|all rights reserved|eslint-|@ts-|clang-format|noqa|pylint|generated by|todo|fixme|=====|-----|rubocop:/i;

/** The first sentences of a comment or docstring at the beginning of a chunk. */
export function leadingProse(body: string, syntax: Language, language: string): string | null {
  const lines = body.split('\n');
  const found: string[] = [];
  let open: string | null = null;
  const docstring = language === 'python' || language === 'elixir';
  for (const [i, raw] of lines.entries()) {
    if (i > 40) break;
    const line = raw.trim();
    if (open !== null) {
      const end = line.indexOf(open);
      found.push(end < 0 ? line : line.slice(0, end));
      if (end >= 0) {
        open = null;
        if (docstring) break;
      }
      continue;
    }
    const marker = syntax.line.find((start) => line.startsWith(start));
    const block = syntax.block.find(([start]) => line.startsWith(start));
    if (block !== undefined) {
      const rest = line.slice(block[0].length);
      const end = rest.indexOf(block[1]);
      found.push(end < 0 ? rest : rest.slice(0, end));
      if (end < 0) open = block[1];
      continue;
    }
    if (marker !== undefined) {
      found.push(line.slice(marker.length));
      continue;
    }
    if (docstring) {
      const quote = /^(?:@(?:module|type)?doc\s+(?:~[sS])?)?[rbu]?("""|''')/.exec(line);
      if (quote !== null) {
        found.length = 0;
        const rest = line.slice(quote[0].length);
        const end = rest.indexOf(quote[1]!);
        found.push(end < 0 ? rest : rest.slice(0, end));
        if (end >= 0) break;
        open = quote[1]!;
        continue;
      }
      if (i < 12 && found.length === 0) continue;
    }
    if (found.length > 0 && !/^[@#[]/.test(line)) break;
    if (found.length === 0 && line !== '' && i > 6) break;
  }
  const prose = found
    .map((line) => line.replace(/^[*/!|;#\s-]+/, '').trim())
    .join('\n')
    .split(
      /\n\s*(?:@\w+|:param|:return|Args:|Returns:|Parameters|Example|Raises:|\\param|```|#\s)|<pre>|\n\s*\n\s*>>>/i,
    )[0]!
    .replace(/<\/?\w+[^>]*>|\{@\w+\s+([^}]*)\}|`+/g, ' $1 ')
    .replace(/\s+/g, ' ')
    .trim();
  if (prose.length < 20 || licence.test(prose.slice(0, 200))) return null;
  const letters = prose.match(/[a-zA-Z ]/g)?.length ?? 0;
  if (letters / prose.length < 0.8) return null;
  const sentence = /^.{20,220}?[.!?](?=\s|$)/.exec(prose);
  const text = sentence === null ? prose.slice(0, 220) : sentence[0];
  return text.split(' ').length < 4 ? null : text;
}

function chosenPaths(
  gitDir: string,
  commit: string,
  forbidden: ReadonlySet<string>,
  limits: CorpusLimits,
): { path: string; oid: string }[] {
  const listed = git(gitDir, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit]).toString('utf8').split('\0');
  const paths: { path: string; oid: string }[] = [];
  for (const row of listed) {
    const match = /^100\d+ blob (\w+)\s+(\d+)\t(.*)$/s.exec(row);
    if (match === null) continue;
    const [, oid, size, path] = match as unknown as [string, string, string, string];
    if (Number(size) < 80 || Number(size) > limits.fileBytes || vendored.test(path)) continue;
    const language = languageOf(path);
    if (otherThanCode.has(language)) continue;
    if (
      path
        .toLowerCase()
        .split(/[/._-]+/)
        .some((word) => forbidden.has(word))
    )
      continue;
    paths.push({ path, oid });
  }
  const order = (path: string): string => createHash('sha1').update(path).digest('hex');
  return paths
    .map((file) => ({ ...file, order: order(file.path) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .slice(0, limits.files);
}

function* readFiles(
  gitDir: string,
  files: readonly { path: string; oid: string }[],
): Generator<{ path: string; content: Buffer }> {
  for (let from = 0; from < files.length; from += 200) {
    const some = files.slice(from, from + 200);
    const out = execFileSync('git', ['--git-dir', gitDir, 'cat-file', '--batch'], {
      input: some.map(({ oid }) => `${oid}\n`).join(''),
      maxBuffer: 2 ** 30,
    });
    let at = 0;
    for (const { path } of some) {
      const end = out.indexOf(10, at);
      const size = Number(out.subarray(at, end).toString().split(' ')[2]);
      yield { path, content: out.subarray(end + 1, end + 1 + size) };
      at = end + size + 2;
    }
  }
}

/** Paragraphs of documentation that name a definition. */
function* documentation(gitDir: string, commit: string): Generator<{ text: string; name: string }> {
  const listed = git(gitDir, ['ls-tree', '-r', '-z', '--full-tree', commit]).toString('utf8').split('\0');
  const files: { path: string; oid: string }[] = [];
  for (const row of listed) {
    const match = /^100\d+ blob (\w+)\t(.*\.(?:md|mdx|rst|adoc))$/s.exec(row);
    if (match !== null && !vendored.test(match[2]!) && !/changelog|changes|history|news/i.test(match[2]!))
      files.push({ oid: match[1]!, path: match[2]! });
  }
  for (const { content } of readFiles(gitDir, files.slice(0, 600))) {
    const text = content.toString('utf8').replace(/^```[\s\S]*?^```|^ {4}.*$|<[^>]+>|\]\([^)]*\)/gm, ' ');
    for (const paragraph of text.split(/\n\s*\n|\n\s*[-*] |\n#+ /)) {
      const prose = paragraph.replace(/\s+/g, ' ').trim();
      if (prose.length < 40 || prose.length > 500) continue;
      const spans = [...prose.matchAll(/`{1,2}([^`]{3,60})`{1,2}/g)].map(([, span]) => span!);
      const names = new Set(
        spans.map((span) => /([A-Za-z_]\w{3,})(?:\(.*\)?)?$/.exec(span)?.[1]).filter((name) => name !== undefined),
      );
      if (names.size === 0 || names.size > 3) continue;
      const without = prose.replace(/`{1,2}[^`]*`{1,2}/g, ' ');
      if (without.split(' ').length < 6) continue;
      for (const name of names) yield { text: without.slice(0, 300), name };
    }
  }
}

/** Commits that changed one or two places of code: the subject is about the definitions that git names in the hunks' heads. */
function* changes(
  gitDir: string,
  commit: string,
  count: number,
): Generator<{ subject: string; path: string; name: string }> {
  let out: string;
  try {
    const args = [
      'log',
      '--no-merges',
      '-n',
      String(count),
      '-p',
      '-U0',
      '--no-color',
      '--no-ext-diff',
      '--no-renames',
      '--format=%x01%s',
      commit,
    ];
    out = git(gitDir, args).toString('utf8');
  } catch {
    return; // too large
  }
  for (const record of out.split('\x01').slice(1)) {
    const subject = record.slice(0, record.indexOf('\n'));
    if (!isTelling(subject)) continue;
    const found = new Map<string, { path: string; name: string }>();
    let path = '';
    for (const line of record.split('\n')) {
      if (line.startsWith('+++ b/')) path = line.slice(6);
      else if (line.startsWith('@@')) {
        const context = line.slice(line.indexOf('@@', 2) + 2);
        const names = context.match(/[A-Za-z_$][\w$]*(?=\s*[(<:={])/g) ?? [];
        for (const name of names) found.set(`${path}\0${name}`, { path, name });
      }
    }
    if (found.size === 0 || found.size > 6) continue;
    const text = subject
      .replace(/^\w+(\([^)]*\))?!?:\s*/, '')
      .replace(/\(#\d+\)|#\d+/g, '')
      .trim();
    for (const place of found.values()) yield { subject: text, ...place };
  }
}

function isTelling(subject: string): boolean {
  return (
    subject.split(' ').length >= 4 &&
    subject.length < 140 &&
    !/^(merge|bump|release|revert|update (deps|dependenc)|chore|style|docs?|format|lint|version|\d)/i.test(subject)
  );
}

const git = (gitDir: string, args: readonly string[]): Buffer =>
  execFileSync('git', ['--git-dir', gitDir, ...args], { maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] });
