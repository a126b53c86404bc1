import { decodeBytes, elapsedMs } from '../base/index.js';
import type { ChunkedFile, FileDiagnostic } from '../model/index.js';
import { classifyText, parseBytesMax } from './classify.js';
import type { Definition } from './definition.js';
import { loadGrammar } from './grammar.js';
import type { Grammar } from './grammar.js';
import { LineTable, textLineStarts } from './lines.js';
import { outlineOf } from './outline.js';
import { createParserRuntime } from './parser-runtime.js';
import type { ParserRuntime } from './parser-runtime.js';
import { partition } from './partition.js';
import { findDefinitions } from './walk.js';

export interface ChunkOptions {
  /** After so long parsing is given up and the file is cut by lines. */
  readonly parseTimeoutMs?: number;
  /**
   * Whether to cut by lines without parsing, by a caller who has classified the text and makes the answer part of
   * the chunks' identity. By default the content decides: minified and generated text is not parsed.
   */
  readonly linesOnly?: boolean;
}

/** Cuts files into chunks and finds their definitions. Synchronous; never throws on any content. */
export interface Chunker {
  /** What comes out depends on content and language alone (unless parsing runs out of time). */
  chunk(content: Uint8Array, language: string, options?: ChunkOptions): ChunkedFile;
}

export const parseTimeoutMsDefault = 2000;

/** A chunker for this thread. Grammars are loaded when their language first comes up. */
export async function createChunker(): Promise<Chunker> {
  const [runtime, spare] = await Promise.all([createParserRuntime(), createParserRuntime()]);
  return new GrammarChunker(runtime, spare);
}

/** Chunks by lines alone, for when even a worker could not take the file. */
export function chunkByLines(content: Uint8Array, diagnostics: readonly FileDiagnostic[] = []): ChunkedFile {
  return { chunks: partition(new LineTable(content), []), diagnostics };
}

class GrammarChunker implements Chunker {
  private readonly grammars = new Map<string, Grammar | FileDiagnostic | undefined>();

  /** A file that traps the parser must not cost the next one its symbols: so there is a second one at hand. */
  constructor(
    private runtime: ParserRuntime | undefined,
    private spare: ParserRuntime | undefined,
  ) {}

  chunk(content: Uint8Array, language: string, options: ChunkOptions = {}): ChunkedFile {
    if (content.length > parseBytesMax || (options.linesOnly ?? isMachineText(content))) return chunkByLines(content);
    const lines = new LineTable(content);
    const outline = outlineOf(language);
    if (outline !== undefined) {
      const texts = decodeBytes(content).split('\n');
      if (texts.length > lines.count) texts.length = lines.count;
      return { chunks: partition(lines, outline(texts)), diagnostics: [] };
    }
    const grammar = this.grammar(language);
    if (grammar === undefined) return { chunks: partition(lines, []), diagnostics: [] };
    const found = 'code' in grammar ? grammar : definitionsOf(content, lines, grammar, options);
    if ('code' in found) {
      if (found.code === 'parse-failed' && found !== grammar) this.replaceRuntime();
      return { chunks: partition(lines, []), diagnostics: [found] };
    }
    return { chunks: partition(lines, found), diagnostics: [] };
  }

  private grammar(language: string): Grammar | FileDiagnostic | undefined {
    if (this.runtime === undefined) return { code: 'parse-failed', message: 'the parser is being restarted' };
    if (!this.grammars.has(language)) this.grammars.set(language, tryLoad(this.runtime, language));
    return this.grammars.get(language);
  }

  private replaceRuntime(): void {
    this.grammars.clear();
    this.runtime = this.spare;
    this.spare = undefined;
    createParserRuntime().then(
      (runtime) => {
        if (this.runtime === undefined) this.runtime = runtime;
        else this.spare = runtime;
      },
      () => {}, // the first one started, so this is want of memory: go on with what there is
    );
  }
}

function isMachineText(content: Uint8Array): boolean {
  const { minified, generated } = classifyText(content);
  return minified || generated;
}

function tryLoad(runtime: ParserRuntime, language: string): Grammar | FileDiagnostic | undefined {
  try {
    return loadGrammar(runtime, language);
  } catch (error) {
    return { code: 'grammar-missing', message: `the grammar of ${language} does not load: ${messageOf(error)}` };
  }
}

function definitionsOf(
  content: Uint8Array,
  lines: LineTable,
  grammar: Grammar,
  options: ChunkOptions,
): Definition[] | FileDiagnostic {
  const text = decodeBytes(content);
  const timeoutMs = options.parseTimeoutMs ?? parseTimeoutMsDefault;
  const deadline = elapsedMs() + timeoutMs;
  // The parser asks for text in pieces of its buffer's size; longer ones would be cut off unseen.
  const read = (index: number): string => text.slice(index, index + inputUnits);
  const progressCallback = (): boolean => elapsedMs() > deadline;
  try {
    const tree = grammar.parser.parse(read, null, { progressCallback });
    if (tree === null) {
      grammar.parser.reset();
      return { code: 'parse-timeout', message: `parsing took longer than ${timeoutMs} ms` };
    }
    try {
      const starts = text.length === content.length ? lines.starts : textLineStarts(text, lines.count);
      return findDefinitions(tree, text, grammar, starts, lines.count);
    } finally {
      tree.delete();
    }
  } catch (error) {
    // A grammar's own scanner can trap in WebAssembly, or memory run out; the file is still searchable by its lines.
    return { code: 'parse-failed', message: messageOf(error) };
  }
}

const inputUnits = 5000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
