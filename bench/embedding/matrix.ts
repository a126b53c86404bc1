// Products of matrices in WebAssembly: four times as fast as the same loops in JavaScript.
import { readFileSync } from 'node:fs';

// By a name that the type checker does not follow: the package declares globals of its own.
const compilerPackage = 'assemblyscript/asc';

/** What of WebAssembly is used; the compiler's library for Node does not describe it. */
declare const WebAssembly: {
  instantiate(module: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>;
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  multiplyTransposed(a: number, b: number, c: number, m: number, n: number, k: number): void;
  multiplyAdd(a: number, b: number, c: number, m: number, n: number, k: number): void;
}

interface Compiler {
  main(
    options: readonly string[],
    io: {
      readFile: (name: string) => string | null;
      writeFile: (name: string, contents: Uint8Array | string) => void;
      listFiles: () => readonly string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

/** A matrix in the kernel's memory. */
export interface Matrix {
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
  /** Row-major; a view that holds until the next matrix is made. */
  readonly values: Float32Array;
}

/** One memory, one thread. Matrices are never freed. Rows are multiples of 4, columns of 8. */
export class Matrices {
  private top = 1024;

  private constructor(private readonly kernel: Exports) {}

  static async create(): Promise<Matrices> {
    const source = readFileSync('bench/embedding/kernel/matrix.as.ts', 'utf8');
    const { default: asc } = (await import(compilerPackage)) as { default: Compiler };
    const files = new Map<string, Uint8Array>();
    const { error, stderr } = await asc.main(
      ['matrix.ts', '--outFile', 'matrix.wasm', '-O3', '--enable', 'simd', '--runtime', 'stub', '--noAssert'],
      {
        readFile: (name: string) => (name === 'matrix.ts' ? source : null),
        writeFile: (name: string, contents: Uint8Array | string) => void files.set(name, contents as Uint8Array),
        listFiles: () => [],
      },
    );
    if (error !== null) throw new Error(stderr.toString());
    const imports = { env: { abort: () => undefined } };
    const { instance } = await WebAssembly.instantiate(files.get('matrix.wasm')!, imports);
    return new Matrices(instance.exports as Exports);
  }

  make(rows: number, columns: number): Matrix {
    const { memory } = this.kernel;
    const at = this.top;
    this.top += (4 * rows * columns + 15) & ~15;
    const missing = this.top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    return {
      at,
      rows,
      columns,
      get values() {
        return new Float32Array(memory.buffer, at, rows * columns);
      },
    };
  }

  /** `c` = `a` times the transpose of `b`; of the first `rows` of `a` alone, when given. */
  multiplyTransposed(a: Matrix, b: Matrix, c: Matrix, rows = a.rows): void {
    this.kernel.multiplyTransposed(a.at, b.at, c.at, rows, b.rows, a.columns);
  }

  /** `c` += `a` times `b`. */
  multiplyAdd(a: Matrix, b: Matrix, c: Matrix): void {
    this.kernel.multiplyAdd(a.at, b.at, c.at, a.rows, a.columns, b.columns);
  }
}
