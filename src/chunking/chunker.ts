import { decodeBytes, messageOf } from '../base/index.js';
import type { ChunkedFile, FileDiagnostic } from '../model/index.js';
import { classifyText, parseBytesMax } from './classify.js';
import type { Definition } from './definition.js';
import { loadGrammar } from './grammar.js';
import type { Grammar } from './grammar.js';
import { canEmbed, embeddedBlocks } from './embedded/blocks.js';
import { isNestedTooDeep } from './embedded/markup.js';
import { mergeByLines, placed } from './embedded/place.js';
import { Hints } from './hints.js';
import { addByLines, linesMissed } from './lines/line-rules.js';
import { LineTable, textLineStarts } from './lines/lines.js';
import { outlineOf } from './outline/outline.js';
import { createParserRuntime, inputUnits } from './parser-runtime.js';
import type { ParserRuntime } from './parser-runtime.js';
import { partition } from './partition.js';
import { startsWithout, withoutStretches } from './recovery/function-bodies.js';
import type { Stretch } from './recovery/function-bodies.js';
import { linesOf, prepareText } from './recovery/prepare.js';
import { findDefinitions } from './walk.js';
import type { WalkedText } from './walk.js';

export interface ChunkOptions {
  /** What parsing may cost; after that the file is cut by lines. See `parseWorkMax`, the default. */
  readonly parseWork?: number;
  /**
   * Whether to cut by lines without parsing, by a caller who has classified the text and makes the answer part of
   * the chunks' identity. By default the content decides: minified and generated text is not parsed.
   */
  readonly linesOnly?: boolean;
}

/** Cuts files into chunks and finds their definitions. Synchronous; never throws on any content. */
export interface Chunker {
  /**
   * What comes out depends on content and language alone, on whatever machine and after whatever files, but for provisional diagnostics
   * (see model's `isProvisional`).
   */
  chunk(content: Uint8Array, language: string, options?: ChunkOptions): ChunkedFile;
  /** A promise while what the last file broke is made anew. Await it before the next file, or that may get a provisional diagnostic. */
  readonly ready: Promise<void> | null;
}

/**
 * Work that parsing a text of so many bytes may take, in steps: a hundred operations of the parser are one, and each time it asks for the next piece of text
 * is twenty, as a lexer may go over all of it. A step takes some 0.2 ms; code takes 7 to 14 for each KiB. Counted, not timed, so that a busy machine does not find other symbols.
 */
export const parseWorkMax = (bytes: number): number => 10_000 + Math.ceil(bytes / 50);

/** A chunker for this thread. Grammars are loaded when their language first comes up. */
export async function createChunker(): Promise<Chunker> {
  const [runtime, spare] = await Promise.all([createParserRuntime(), createParserRuntime()]);
  return new GrammarChunker(runtime, spare);
}

/** Chunks by lines alone, for when even a worker could not take the file. */
export function chunkByLines(content: Uint8Array, diagnostics: readonly FileDiagnostic[] = []): ChunkedFile {
  return { chunks: partition(new LineTable(content), []), diagnostics };
}

/** A text to be analysed: `starts` are the starts of its lines in UTF-16 units. */
interface Source {
  readonly text: string;
  readonly bytes: number;
  readonly starts: Uint32Array;
  readonly lineCount: number;
}

interface Found {
  readonly definitions: readonly Definition[];
  readonly diagnostics: readonly FileDiagnostic[];
}

class GrammarChunker implements Chunker {
  private readonly grammars = new Map<string, Grammar | undefined>();
  ready: Promise<void> | null = null;

  /** A file that traps the parser is tried on a second one, and must not cost the next one its symbols. */
  constructor(
    private runtime: ParserRuntime | undefined,
    private spare: ParserRuntime | undefined,
  ) {}

  chunk(content: Uint8Array, language: string, options: ChunkOptions = {}): ChunkedFile {
    const isTooLong = content.length > parseBytesMax;
    if (isTooLong || (options.linesOnly ?? isMachineText(content))) {
      const isMinified = !isTooLong && minifiedLanguages.has(language) && classifyText(content).minified;
      return isMinified ? this.outlineMinified(content, language, options) : this.outlineUnparsed(content, language);
    }
    const lines = new LineTable(content);
    const { definitions, diagnostics } = this.analyze(content, lines, language, options);
    return { chunks: partition(lines, definitions), diagnostics };
  }

  /** The definitions of a text, and of the parts of it that are in other languages. */
  private analyze(content: Uint8Array, lines: LineTable, language: string, options: ChunkOptions): Found {
    if (!canEmbed(language) && !this.canRead(language)) return { definitions: [], diagnostics: [] };
    const text = decodeBytes(content);
    const starts = text.length === content.length ? lines.starts : textLineStarts(text, lines.count);
    const source = { text, bytes: content.length, starts, lineCount: lines.count };
    const host = this.read(source, language, options);
    const blocks = embeddedBlocks(language, text).map((block): Found => {
      const lineCount = block.text.split('\n').length;
      const part = {
        text: block.text,
        bytes: block.text.length,
        starts: textLineStarts(block.text, lineCount),
        lineCount,
      };
      const { definitions, diagnostics } = this.read(part, block.language, options);
      return { definitions: definitions.map((definition) => placed(definition, block.lines)), diagnostics };
    });
    if (blocks.length === 0) return host;
    const all = [host, ...blocks];
    return {
      definitions: mergeByLines(all.map(({ definitions }) => definitions)),
      diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
    };
  }

  /** Whether anything but the lines of a language's texts is known. */
  private canRead(language: string): boolean {
    if (outlineOf(language) !== undefined || this.runtime === undefined) return true;
    return this.grammar(this.runtime, language) !== undefined;
  }

  /** The definitions of a text in one language. */
  private read(source: Source, language: string, options: ChunkOptions): Found {
    const outline = outlineOf(language);
    if (outline !== undefined) {
      const texts = linesOf(source.text);
      if (texts.length > source.lineCount) texts.length = source.lineCount;
      return { definitions: outline(texts), diagnostics: [] };
    }
    const found = this.definitions(source, language, options);
    if (!('code' in found)) return { definitions: found, diagnostics: [] };
    return { definitions: this.byLines(source, language, found), diagnostics: [found] };
  }

  /**
   * A parser that has trapped is of no use any more. Whether it was the file's fault is found out on a fresh one: memory may have been used up by
   * earlier files, or be short on this machine.
   */
  private definitions(source: Source, language: string, options: ChunkOptions): Definition[] | FileDiagnostic {
    for (let tries = 1; ; tries++) {
      if (this.runtime === undefined) return outOfMemory;
      const grammar = this.grammar(this.runtime, language);
      if (grammar === undefined) return [];
      if ('code' in grammar) return grammar;
      const found = definitionsOf(source, grammar, options);
      if (!('code' in found) || found.code !== 'parse-failed') return found;
      const isShort = !this.runtime.canGrow();
      this.replaceRuntime();
      if (isShort) return outOfMemory;
      if (tries === 2) return found;
    }
  }

  /** What rules find line by line in a text that the grammar could not parse. */
  private byLines(source: Source, language: string, { code }: FileDiagnostic): Definition[] {
    if (this.runtime === undefined || code === 'out-of-memory') return [];
    const grammar = this.grammar(this.runtime, language);
    return grammar === undefined || 'code' in grammar ? [] : definitionsByLines(source, grammar);
  }

  /**
   * Of what a program wrote, and of very long texts, nothing is parsed and chunks are cut by lines alone; yet people look for what is
   * defined there. One long line among ordinary ones makes no text minified here.
   */
  private outlineUnparsed(content: Uint8Array, language: string): ChunkedFile {
    const lines = new LineTable(content);
    if (content.length > minifiedLineBytes * lines.count || outlineOf(language) !== undefined)
      return chunkByLines(content);
    if (this.runtime === undefined) return chunkByLines(content, [outOfMemory]);
    const grammar = this.grammar(this.runtime, language);
    if (grammar === undefined) return chunkByLines(content);
    if ('code' in grammar) return chunkByLines(content, [grammar]);
    const definitions = definitionsByLines({ text: decodeBytes(content), lineCount: lines.count }, grammar);
    const inner = definitions.map((definition) => ({ ...definition, inner: true }));
    return { chunks: partition(lines, inner), diagnostics: [] };
  }

  /**
   * Of minified code lines tell nothing, so it is parsed, for its names alone: chunks are cut by lines. What has one name on one line
   * is one symbol there, as there may be hundreds of `e`.
   */
  private outlineMinified(content: Uint8Array, language: string, options: ChunkOptions): ChunkedFile {
    const lines = new LineTable(content);
    const { definitions, diagnostics } = this.analyze(content, lines, language, options);
    const known = new Set<string>();
    const inner: Definition[] = [];
    for (const definition of definitions) {
      const once = `${definition.nameLine} ${definition.name}`;
      if (known.has(once)) continue;
      known.add(once);
      inner.push({ ...definition, scope: '', inner: true });
    }
    return { chunks: partition(lines, inner), diagnostics };
  }

  private grammar(runtime: ParserRuntime, language: string): Grammar | FileDiagnostic | undefined {
    if (!this.grammars.has(language)) {
      try {
        this.grammars.set(language, loadGrammar(runtime, language));
      } catch (error) {
        // Not remembered: the next file may find it, when there were too many open files for a moment.
        return { code: 'grammar-missing', message: `the grammar of ${language} does not load: ${messageOf(error)}` };
      }
    }
    return this.grammars.get(language);
  }

  private replaceRuntime(): void {
    this.grammars.clear();
    this.runtime = this.spare;
    this.spare = undefined;
    this.ready ??= this.restore().finally(() => (this.ready = null));
  }

  private async restore(): Promise<void> {
    try {
      while (this.runtime === undefined || this.spare === undefined) {
        const fresh = await createParserRuntime();
        // A second one may have been lost meanwhile.
        if (this.runtime === undefined) this.runtime = fresh;
        else this.spare = fresh;
      }
    } catch {
      // Want of memory, as the first ones started: go on with what there is.
    }
  }
}

/** Languages of which minified code is published beside its source. */
const minifiedLanguages = new Set(['javascript']);

/** Lines that are longer on average are no lines that people wrote. */
const minifiedLineBytes = 200;

const outOfMemory: FileDiagnostic = { code: 'out-of-memory', message: 'there is too little memory to parse it' };

function isMachineText(content: Uint8Array): boolean {
  const { minified, generated } = classifyText(content);
  return minified || generated;
}

function definitionsOf(
  { text, bytes, starts, lineCount }: Source,
  grammar: Grammar,
  options: ChunkOptions,
): Definition[] | FileDiagnostic {
  const hints = new Hints(text, grammar.hint);
  const prepared = prepareText(text, grammar.language, (from, to) => hints.occurs(from, to));
  if (grammar.language === 'html' && isNestedTooDeep(prepared.text))
    return { code: 'parse-limit', message: 'more elements are open at once than a parser is asked for' };
  const read = withoutSkipped({ text, hints, starts, lineCount }, prepared.skipped, grammar);
  const workMax = options.parseWork ?? parseWorkMax(bytes);
  let work = 0;
  // A lexer can go over a text again and again without one operation of the parser: past the limit it meets the end of the text.
  const piece = (index: number): string =>
    (work += pieceWork) > workMax ? '' : prepared.text.slice(index, index + inputUnits);
  const isOver = (): boolean => ++work > workMax;
  try {
    const tree = grammar.parser.parse(piece, isOver);
    if (tree === null || work > workMax) {
      tree?.delete();
      grammar.parser.reset();
      return { code: 'parse-limit', message: `parsing takes more than ${workMax} steps` };
    }
    try {
      const { definitions, unread } = findDefinitions(tree, read, grammar);
      const whole = [{ from: 0, to: lineCount - 1 }];
      const ranges = grammar.linesEverywhere
        ? whole
        : [...unread, ...prepared.dropped, ...linesMissed(definitions, text, starts, lineCount, grammar)];
      if (ranges.length === 0 || grammar.lines.length === 0) return definitions;
      return addByLines(definitions, linesOf(text), ranges, grammar);
    } finally {
      tree.delete();
    }
  } catch {
    // A grammar's own scanner can trap in WebAssembly, or memory run out; the file is still searchable by its lines. How the engine
    // words it differs between versions.
    return { code: 'parse-failed', message: 'the parser fails on it' };
  }
}

/** What is left of a text when the parser skips some of it. */
function withoutSkipped(source: WalkedText, skipped: readonly Stretch[], { hint }: Grammar): WalkedText {
  if (skipped.length === 0) return source;
  const text = withoutStretches(source.text, skipped);
  const starts = startsWithout(source.starts, source.lineCount, skipped);
  return { text, hints: new Hints(text, hint), starts, lineCount: source.lineCount };
}

/** Of a text that the grammar could not parse at all. */
function definitionsByLines({ text, lineCount }: Pick<Source, 'text' | 'lineCount'>, grammar: Grammar): Definition[] {
  if (grammar.lines.length === 0) return [];
  return addByLines([], linesOf(text), [{ from: 0, to: lineCount - 1 }], grammar);
}

const pieceWork = 20;
