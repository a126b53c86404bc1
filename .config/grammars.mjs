// Compresses the grammars for the package, 36 MB to 3: `dist/grammars`, which the command reads in place of `grammars` where it is there.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

const compress = promisify(brotliCompress);

/** Writes all of a folder of grammars to another one, which is emptied first. */
export async function packGrammars(from, to) {
  rmSync(to, { recursive: true, force: true });
  const works = readdirSync(from, { withFileTypes: true }).map(async (entry) => {
    if (!entry.isDirectory()) {
      mkdirSync(to, { recursive: true });
      return cpSync(join(from, entry.name), join(to, entry.name));
    }
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    mkdirSync(target, { recursive: true });
    for (const file of readdirSync(source)) {
      if (!file.endsWith('.wasm')) {
        cpSync(join(source, file), join(target, file));
        continue;
      }
      const bytes = readFileSync(join(source, file));
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: 9,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      };
      writeFileSync(join(target, `${file}.br`), await compress(bytes, { params }));
    }
  });
  await Promise.all(works);
}
