import fc from 'fast-check';
import { encodeBytes } from '../../../src/base/index.js';

/** Small files that share lines, chunks and words, so that what is stored once is met again and again. */
const words = [
  'parse',
  'Query',
  'index',
  'Builder',
  'finish',
  'HTTP_PORT',
  'fooBar',
  'readLines',
  'größe',
  'TODO',
  'cache',
  'tree',
];

const word = fc.constantFrom(...words);

const codeLine = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(word, word).map(([a, b]) => `  ${a}(${b});`) },
  { weight: 2, arbitrary: fc.tuple(word, word).map(([a, b]) => `// ${a} of ${b}`) },
  { weight: 2, arbitrary: word.map((a) => `const ${a} = "it's http://${a}";`) },
  { weight: 2, arbitrary: fc.constantFrom('', '}', '{', '  return null;', '\t\tx', ' '.repeat(9)) },
  { weight: 1, arbitrary: word.map((a) => `${a} ${a.toUpperCase()} ${a.toLowerCase()}_${a}`) },
);

/** A definition, in one of the languages that a path may say. */
const definition = fc
  .tuple(fc.constantFrom('ts', 'py', 'go', 'css', 'md'), word, fc.array(codeLine, { maxLength: 6 }))
  .map(([language, name, body]): string[] => {
    switch (language) {
      case 'ts':
        return [`export class ${name} {`, `  ${name}Of(value: string) {`, ...body, '  }', '}'];
      case 'py':
        return [`def ${name}(self):`, ...body.map((line) => `    ${line.trim()}`), '    pass'];
      case 'go':
        return [`func (b *Builder) ${name}() error {`, ...body, '\treturn nil', '}'];
      case 'css':
        return [`.${name} {`, '  color: red;', '}'];
      default:
        return [`# ${name}`, ...body];
    }
  });

const text = fc
  .tuple(
    fc.array(fc.oneof(definition, fc.array(codeLine, { minLength: 1, maxLength: 4 })), { maxLength: 12 }),
    fc.constantFrom('\n', '\n', '\n', '\r\n'),
    fc.boolean(),
  )
  .map(([parts, newline, ends]) => {
    const lines = parts.flat();
    return lines.join(newline) + (ends && lines.length > 0 ? newline : '');
  });

/** Content of a file, as bytes: mostly text; sometimes empty, binary, not UTF-8, one long line. */
export const content: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 20, arbitrary: text.map((value) => Buffer.from(value)) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 1, arbitrary: text.map((value) => Buffer.from(`\0${value}`)) },
  { weight: 1, arbitrary: text.map((value) => encodeBytes(`${value}\nna\udcefve caf\udce9 parse\n`)) },
  { weight: 1, arbitrary: text.map((value) => Buffer.from(`#!/usr/bin/env python3\n${value}`)) },
  { weight: 1, arbitrary: word.map((value) => Buffer.from(`${value};`.repeat(900))) },
);

const ignoreRules = fc
  .subarray(['*.md', 'lib/', '!lib/a.ts', 'docs/**', '/src/b.py'], { minLength: 1 })
  .map((lines) => Buffer.from(`${lines.join('\n')}\n`));

export const paths = [
  'src/a.ts',
  'src/b.py',
  'src/deep/er/c.go',
  'lib/a.ts',
  'lib/a.test.ts',
  'lib',
  'docs/read me.md',
  'docs/größe.txt',
  'style.css',
  'Makefile',
  'run',
  'package-lock.json',
  'min/x.min.js',
] as const;

/** A file to write; now and then the one that says what is not indexed. */
export const file: fc.Arbitrary<readonly [path: string, content: Uint8Array]> = fc.oneof(
  { weight: 15, arbitrary: fc.tuple(fc.constantFrom(...paths), content) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('.coppiceignore'), ignoreRules) },
);

export { word };
