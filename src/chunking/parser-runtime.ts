import { createRequire } from 'node:module';
import type * as TreeSitter from 'web-tree-sitter';
import type { Language, Parser } from 'web-tree-sitter';

// The types of WebAssembly come only with the DOM's, which we do not want.
type WasmModule = Parameters<typeof Language.loadSync>[0];
type GrowingMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
type MemorySize = { readonly initial: number; readonly maximum: number };
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Module: new (bytes: Uint8Array) => WasmModule; Memory: new (pages: MemorySize) => GrowingMemory };
};

/** An instance of tree-sitter. Once its WebAssembly has trapped it is of no use, nor is any grammar loaded into it. */
export interface ParserRuntime {
  loadLanguage(wasm: Uint8Array): Language;
  createParser(language: Language): Parser;
  /** Whether the machine has the memory that it may use: if so, a trap is not the machine's fault. Ask when it has trapped. */
  canGrow(): boolean;
}

const pageBytes = 65_536;
/** Files of the size we parse need a tenth of it; some broken code makes a parser ask for all there is. */
const memoryBytesMax = 384 * 1024 * 1024;

const require = createRequire(import.meta.url);

/**
 * A new instance, independent of others. The package keeps one for each copy of its module, so each instance is loaded
 * as a new copy: only CommonJS modules can be loaded twice.
 */
export async function createParserRuntime(): Promise<ParserRuntime> {
  const treeSitter = loadTreeSitter();
  const wasmMemory = new WebAssembly.Memory({ initial: 512, maximum: memoryBytesMax / pageBytes });
  const silent = (): void => {};
  await treeSitter.Parser.init({ wasmMemory, print: silent, printErr: silent });
  return {
    loadLanguage: (wasm) => treeSitter.Language.loadSync(new WebAssembly.Module(wasm)),
    createParser: (language) => new treeSitter.Parser().setLanguage(language),
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

class NoRegistry {
  register(): void {}
  unregister(): void {}
}

function loadTreeSitter(): typeof TreeSitter {
  const path = require.resolve('web-tree-sitter');
  // Its finalizers would call into the WebAssembly of an instance that has trapped, which ends the process. We free
  // trees and cursors ourselves, so it gets none while it loads (synchronously, nobody else sees this).
  const registry = Object.getOwnPropertyDescriptor(globalThis, 'FinalizationRegistry')!;
  Object.defineProperty(globalThis, 'FinalizationRegistry', { ...registry, value: NoRegistry });
  try {
    delete require.cache[path];
    return require(path) as typeof TreeSitter;
  } finally {
    delete require.cache[path];
    Object.defineProperty(globalThis, 'FinalizationRegistry', registry);
  }
}
