import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as TreeSitter from 'web-tree-sitter';
import type { Language } from 'web-tree-sitter';
import { ByteCursor, checkCursor } from './tree-cursor.js';
import type { Cursor, CursorExports } from './tree-cursor.js';

// The types of WebAssembly come only with the DOM's, which we do not want.
type WasmModule = Parameters<typeof Language.loadSync>[0];
type WasmInstance = { readonly exports: CursorExports };
type WasmImports = { readonly env: Readonly<Record<string, unknown>> };
type GrowingMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
type MemorySize = { readonly initial: number; readonly maximum: number };
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => WasmModule;
    Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
    Memory: new (pages: MemorySize) => GrowingMemory;
  };
};

/** An instance of tree-sitter. Once its WebAssembly has trapped it is of no use, nor is any grammar loaded into it. */
export interface ParserRuntime {
  loadLanguage(wasm: Uint8Array): Language;
  createParser(language: Language): TextParser;
  /** Whether the machine has the memory that it may use: if so, a trap is not the machine's fault. Ask when it has trapped. */
  canGrow(): boolean;
}

export interface TextParser {
  /**
   * Parses what `read` gives from a place on: at most `inputUnits` units at a time, nothing at the end. Null where `isOver`, asked every hundred
   * operations, says so.
   */
  parse(read: (index: number) => string, isOver: () => boolean): ParsedText | null;
  /** Begins anew after a text that was not parsed to its end. */
  reset(): void;
}

export interface ParsedText {
  readonly hasError: boolean;
  walk(): Cursor;
  delete(): void;
}

/** The parser asks for text in pieces of its buffer's size; longer ones would be cut off unseen. */
export const inputUnits = 5000;

const pageBytes = 65_536;
/** Files of the size we parse need a tenth of it; some broken code makes a parser ask for all there is. */
const memoryBytesMax = 384 * 1024 * 1024;

const require = createRequire(import.meta.url);

/**
 * A new instance, independent of others. The package keeps one for each copy of its module, so each instance is loaded
 * as a new copy: only CommonJS modules can be loaded twice. Text goes into its memory as it is, and cursors read from there: the package's
 * own ways take a unit or a value at a time.
 */
export async function createParserRuntime(): Promise<ParserRuntime> {
  const { treeSitter, path } = loadTreeSitter();
  const wasmMemory = new WebAssembly.Memory({ initial: 512, maximum: memoryBytesMax / pageBytes });
  let bytes = Buffer.from(wasmMemory.buffer);
  const memoryBytes = (): Buffer =>
    bytes.buffer === wasmMemory.buffer ? bytes : (bytes = Buffer.from(wasmMemory.buffer));
  let read: (index: number) => string = () => '';
  let isOver: () => boolean = () => false;
  let exports: CursorExports | undefined;
  const silent = (): void => {};
  await treeSitter.Parser.init({
    wasmMemory,
    print: silent,
    printErr: silent,
    instantiateWasm: (imports: WasmImports, onInstance: (instance: WasmInstance, module: WasmModule) => void) => {
      const own = {
        tree_sitter_parse_callback: (at: number, index: number, _row: number, _column: number, lengthAt: number) => {
          const piece = read(index);
          const memory = memoryBytes();
          memory.write(piece, at, 'utf16le');
          memory.writeInt32LE(piece.length, lengthAt);
        },
        tree_sitter_progress_callback: () => isOver(),
      };
      const module = new WebAssembly.Module(readFileSync(join(dirname(path), 'web-tree-sitter.wasm')));
      const instance = new WebAssembly.Instance(module, { ...imports, env: { ...imports.env, ...own } });
      exports = instance.exports;
      onInstance(instance, module);
    },
  });
  const transferAt = exports!.ts_init();
  return {
    loadLanguage: (wasm) => treeSitter.Language.loadSync(new WebAssembly.Module(wasm)),
    createParser: (language) => {
      const parser = new treeSitter.Parser().setLanguage(language);
      const made: TextParser = {
        parse: (readPiece, isOverNow) => {
          read = readPiece;
          isOver = isOverNow;
          const tree = parser.parse(readPiece, null, { progressCallback: isOverNow });
          return (
            tree && {
              hasError: tree.rootNode.hasError,
              walk: () => new ByteCursor(exports!, wasmMemory, transferAt, tree),
              delete: () => tree.delete(),
            }
          );
        },
        reset: () => parser.reset(),
      };
      checkCursors(made);
      return made;
    },
    canGrow: () => {
      try {
        wasmMemory.grow((memoryBytesMax - wasmMemory.buffer.byteLength) / pageBytes);
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Throws where the package keeps its cursors otherwise than ours reads them: every file would seem to be one that the parser fails on. */
function checkCursors(parser: TextParser): void {
  const tree = parser.parse(
    (index) => 'a\n'.slice(index),
    () => false,
  );
  const cursor = tree?.walk();
  try {
    if (cursor !== undefined) checkCursor(cursor);
  } finally {
    cursor?.delete();
    tree?.delete();
  }
}

class NoRegistry {
  register(): void {}
  unregister(): void {}
}

function loadTreeSitter(): { readonly treeSitter: typeof TreeSitter; readonly path: string } {
  const path = require.resolve('web-tree-sitter');
  // Its finalizers would call into the WebAssembly of an instance that has trapped, which ends the process. We free
  // trees and cursors ourselves, so it gets none while it loads (synchronously, nobody else sees this).
  const registry = Object.getOwnPropertyDescriptor(globalThis, 'FinalizationRegistry')!;
  Object.defineProperty(globalThis, 'FinalizationRegistry', { ...registry, value: NoRegistry });
  try {
    delete require.cache[path];
    return { treeSitter: require(path) as typeof TreeSitter, path };
  } finally {
    delete require.cache[path];
    Object.defineProperty(globalThis, 'FinalizationRegistry', registry);
  }
}
