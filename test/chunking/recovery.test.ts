import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import type { Chunker } from '../../src/chunking/index.js';
import { lineAt, textLineStarts } from '../../src/chunking/lines/lines.js';
import { functionBodies, startsWithout, withoutStretches } from '../../src/chunking/recovery/function-bodies.js';
import { prepareText } from '../../src/chunking/recovery/prepare.js';
import { bytesOf, expectPartition, symbolLines } from './helpers.js';

let chunker: Chunker;
beforeAll(async () => {
  chunker = await createChunker();
});

/** `kind scope.name` of all definitions, in order. */
function symbolsOf(source: string, language: string): string[] {
  const content = bytesOf(source);
  const file = chunker.chunk(content, language);
  expectPartition(content, file);
  return symbolLines(content, file).map((line) => line.replace(/^\d+ /, ''));
}

test('a directive is one in any line ends, and after a byte order mark', () => {
  const text = '#if !NET5\nnamespace N\n{\n class A\n#if B\n : Base\n#endif\n {\n }\n}\n#endif\n';
  for (const other of [text, text.replaceAll('\n', '\r\n'), `\ufeff${text.replaceAll('\n', '\r\n')}`])
    expect(symbolsOf(other, 'csharp')).toEqual(['namespace N', 'class N.A']);
});

describe('C and C++ that only the preprocessor understands', () => {
  test.each<[string, string, string[]]>([
    ['export macros', 'class MY_API Hero : public Actor {\n void Move();\n};\n', ['class Hero', 'method Hero.Move']],
    ['export macros with arguments', 'struct LIB_EXPORT(1) Box {\n int side;\n};\n', ['struct Box', 'field Box.side']],
    ['macros after the name', 'struct frame __packed {\n int size;\n};\n', ['struct frame', 'field frame.size']],
    ['macros after the body', 'struct frame {\n int size;\n} __packed;\n', ['struct frame', 'field frame.size']],
    [
      'macros alone on a line',
      'LIB_NAMESPACE_BEGIN\nnamespace detail {\nint f() { return 1; }\n}\nLIB_NAMESPACE_END\n',
      ['namespace detail', 'function detail.f'],
    ],
    ['calling conventions', 'int WINAPI Start(HINSTANCE h) {\n return 0;\n}\n', ['function Start']],
    ['JNI', 'JNIEXPORT jint JNICALL Java_a_B_c(JNIEnv *env) {\n return 0;\n}\n', ['function Java_a_B_c']],
    ['a type in capitals stays', 'HRESULT Open(int a) {\n return 0;\n}\nBOOL ok;\n', ['function Open', 'variable ok']],
    [
      'Qt',
      'class View : public QWidget {\n Q_OBJECT\npublic slots:\n void show();\nsignals:\n void shown(int x);\nQ_SIGNALS:\n void gone();\n};\n',
      ['class View', 'method View.show', 'method View.shown', 'method View.gone'],
    ],
    [
      'Unreal',
      'UCLASS(Blueprintable, meta=(A="b"))\nclass GAME_API AHero : public AActor\n{\n GENERATED_BODY()\n\npublic:\n UPROPERTY(EditAnywhere)\n int32 Health;\n\n UFUNCTION(BlueprintCallable)\n void Jump();\n};\n',
      ['class AHero', 'field AHero.Health', 'method AHero.Jump'],
    ],
    [
      'tests',
      'TEST(Suite, Name) {\n int a;\n}\nTEST_F(Fixture, Other) {\n}\n',
      ['test Suite.Name', 'test Fixture.Other'],
    ],
    [
      'a brace in each branch',
      '#ifdef A\nint f(int a) {\n#else\nint f(void) {\n#endif\n return 1;\n}\nint g(void) { return 2; }\n',
      ['function f', 'function f', 'function g'],
    ],
    [
      'after a noexcept macro',
      'struct A {\n int f() const LIB_NOEXCEPT { return 1; }\n int g();\n};\n',
      ['struct A', 'method A.f', 'method A.g'],
    ],
  ])('%s', (_, source, symbols) => {
    expect(symbolsOf(source, 'cpp').sort()).toEqual(symbols.sort());
  });

  test('macros before and around declarations change no name', () => {
    const declarations = [
      ['class %Apple : public Base {\n public:\n  int grow();\n};\n', ['Apple', 'grow']],
      ['enum class %Color : int { Red, Green };\n', ['Color', 'Red', 'Green']],
      ['%int pick(int a, char b) {\n  return a;\n}\n', ['pick']],
      ['%std::vector<int> rows(const Table& t);\n', ['rows']],
      ['namespace {\nint hidden() { return 1; }\n}\n', ['hidden']],
      [
        'struct %Node {\n  enum { Leaf };\n  using Link = Node*;\n  operator bool() const;\n};\n',
        ['Node', 'Leaf', 'Link', 'operator bool'],
      ],
      ['typedef struct {\n  int a, b;\n} Pair;\n', ['a', 'b', 'Pair']],
    ] as const;
    const macros = fc.constantFrom('', '', 'LIB_API ', 'LIB_EXPORT(x) ', '__declspec(dllexport) ');
    const lone = fc.constantFrom('', '', 'LIB_BEGIN\n', 'LIB_DECLARE(a, b)\n\n', 'LIB_NOTE("text (here)")\n');
    const part = fc.record({ declaration: fc.constantFrom(...declarations), macro: macros, lone });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const source = parts.map(({ declaration, macro, lone }) => lone + declaration[0].replace('%', macro)).join('');
        const names = symbolsOf(source, 'cpp').map((symbol) => symbol.replace(/^\w+ (?:.*\.)?/, ''));
        expect(names.sort()).toEqual(parts.flatMap(({ declaration }) => declaration[1]).sort());
      }),
      { numRuns: 60 },
    );
  });

  test('what a grammar is given has the same length and lines as the text that it reads, whatever it is', () => {
    const piece = fc.constantFrom(
      'int f(int a)\n{\n', '\tif (a) {\n\t\treturn a + 1234567890;\n\t}\n', 'void g() {\n', 'label:\n',
      '#if A\n', '#else\n', '#elif B(<x>)\n', '#endif\n', '#define M(x) \\\n x\n', 'class A_API B {\n', '}\n', 'LIB(a,\n b)\n', '"{', '/* {\n', '*/', "'{'", 'slots:\n',
      'template <typename T, ENABLE(x)>\n', 'int CALL f();\n', 'é🎉', '\r\n', '(', '<', 'A_B ',
    ); // prettier-ignore
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.constantFrom('c', 'cpp', 'csharp'), (pieces, language) => {
        const text = pieces.join('');
        const { text: prepared, skipped } = prepareText(text, language, () => false);
        const read = withoutStretches(text, skipped);
        expect(prepared.length).toBe(read.length);
        const ends = (of: string): string => of.replace(/[^\n]/g, '.');
        expect(ends(prepared)).toBe(ends(read));
        const lineCount = text.split('\n').length;
        const starts = startsWithout(textLineStarts(text, lineCount), lineCount, skipped);
        for (const [i, line] of read.split('\n').entries())
          if (line !== '') {
            const at = read.split('\n').slice(0, i).join('\n').length + (i === 0 ? 0 : 1);
            expect(text.split('\n')[lineAt(starts, lineCount, at)]).toBe(line);
          }
      }),
    );
  });

  test('long lines of operators and brackets cost no time', () => {
    const hostile = [
      'a * b & c ',
      'A_B(',
      'template <A_B(',
      'const const ',
      'a::b::',
      '#if A \\\n',
      'x<y<z ',
      'CLASS_API struct ',
      'f()\n{\n aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa /*\n}\n',
    ];
    for (const text of hostile) {
      const before = performance.now();
      for (const language of ['c', 'cpp', 'csharp']) prepareText(text.repeat(20_000), language, () => false);
      expect(performance.now() - before, text).toBeLessThan(10_000);
    }
  });
});

describe('insides of functions of C', () => {
  const long = '\tdo_something_or_other(a, b, c, 0x1234567890);\n';
  const skipped = (text: string, holds = false): string[] =>
    functionBodies(text, () => holds).map(({ from, to }) => text.slice(from, to));

  test.each([
    ['brace on its own line', `int f(int a)\n{\n${long}}\n`],
    ['brace behind the head', `int f(int a) {\n${long}}\n`],
    ['labels, directives and blank lines', `int f(int a)\n{\n${long}\nout:\n#ifdef A\n${long}#endif\n}\n`],
    ['braces in literals and comments', `int f(int a)\n{\n${long}\tg("}", '}', '\\'', "\\"}"); /* } */ // }\n}\n`],
    ['attributes', `static int __init f(int a) __releases(x)\n{\n${long}}\n`],
    ['the end of the text', `int f(int a)\n{\n${long}}`],
    ['ends of lines of two characters', `int f(int a)\r\n{\r\n${long.trimEnd()}\r\n\r\n\tg();\r\n}\r\n`],
  ])('%s: skipped', (_, text) => {
    expect(skipped(`int before;\n${text}`)).toHaveLength(1);
    expect(skipped(text, true)).toEqual([]);
  });

  test.each([
    ['braces out of balance', `int f(int a)\n{\n${long}\t}\n}\n`],
    ['a literal that is left open', `int f(int a)\n{\n${long}\tg("\n}\n`],
    ['a comment that is left open', `int f(int a)\n{\n${long}\t/*\n}\n`],
    ['lines that are not indented', `int f(int a)\n{\n${long}static int x;\n${long}}\n`],
    ['no function', `struct a {\n${long}};\nint a[] = {\n${long}};\n`],
    ['a comment that ends in it', `int f(int a)\n{\n${long}\t*/\n}\n`],
    ['a condition that is left open', `int f(int a)\n{\n${long}#ifdef A\n${long}}\n`],
    ['a condition that ends in it', `int f(int a)\n{\n${long}#endif\n${long}}\n`],
    ['members', `typedef enum __attribute__((packed)) {\n${long}} a;\nunion b ALIGNED(8)\n{\n${long}};\n`],
    ['a macro', `#define f(x) \\\n{ \\\n${long}}\n`],
    ['little', 'int f(int a)\n{\n\treturn 1;\n}\n'],
  ])('%s: parsed', (_, text) => {
    expect(skipped(text)).toEqual([]);
  });

  const symbolsOf = (text: string): string[] =>
    chunker
      .chunk(bytesOf(text), 'c')
      .chunks.flatMap(({ symbols }) => symbols.map(({ name, kind }) => `${kind} ${name}`));

  test.each([5, 16, 40])(
    'what the grammar stumbles over takes no functions with it that are longer: of %i steps',
    (count) => {
      const steps = '\tstep(a, b);\n'.repeat(count);
      const nested = '\tif (a) {\n\t\tif (b) {\n\t\t\tstep(a, b);\n\t\t}\n\t}\n'.repeat(count);
      const text =
        `unit * lib_call\nprint(unit *a, size_t b, const char *format, ...)\n{\n${steps}}\nprint_to(unit *a, unit *b, const char *format, ...)\n{\n${steps}}\n` +
        `print_list(unit *a, unit *b, const char *format, va_list list)\n{\n${nested}}\n\tch = *s++;\n`;
      expect(symbolsOf(text)).toEqual(['function print', 'function print_to', 'function print_list']);
    },
  );

  test('members behind an attribute, and what follows conditions across functions, are found', () => {
    expect(
      symbolsOf(
        `typedef enum __attribute__((packed)) {\n\tFIRST_OF_THE_CONSTANTS = 1,\n\tSECOND_OF_THE_CONSTANTS,\n} kind;\n` +
          `int f(void)\n{\n#ifdef A\n\tg();\n}\nint h(void)\n{\n${long}#endif\n}\nstruct last {\n\tint field;\n};\n`,
      ),
    ).toEqual([
      'constant FIRST_OF_THE_CONSTANTS', 'constant SECOND_OF_THE_CONSTANTS', 'type kind', 'function f', 'function h', 'struct last', 'field field',
    ]); // prettier-ignore
  });

  test('types that begin as annotations do are types', () => {
    expect(
      symbolsOf(
        `int before(void);\nstruct s {\n\t__le32 length;\n\tconst __u8 *bytes;\n};\nstatic __le32 f(__u32 a)\n{\n${long}}\n` +
          `static inline __be16 *g(void)\n{\n${long}}\nstatic int __init h(void)\n{\n${long}}\n`,
      ),
    ).toEqual([
      'function before', 'struct s', 'field length', 'field bytes', 'function f', 'function g', 'function h',
    ]); // prettier-ignore
  });

  test('every function is found where it is, whatever its inside is like', () => {
    const statement = fc.constantFrom(
      '\tif (a) {\n\t\treturn b;\n\t}\n', '\tfor_each_thing(x, &y) {\n\t\tcall(x);\n\t}\n', 'out:\n', long,
      '\tswitch (a) {\n\tcase 1 ... 3:\n\t\tbreak;\n\t}\n', '\tlong x = MACRO y FOO(z);\n', '\tasm volatile("}" :: "r" (x));\n',
      '\tstruct s *p = &(struct s){ 0 };\n', '\tstruct local { int z; } q;\n', '#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n',
    ); // prettier-ignore
    const body = fc.array(statement, { minLength: 1, maxLength: 30 }).map((statements) => statements.join(''));
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 4 }), (bodies) => {
        const text = bodies.map((inside, i) => `static int fn${i}(int a, int b)\n{\n${inside}}\n\n`).join('');
        const functions = chunker
          .chunk(bytesOf(text), 'c')
          .chunks.flatMap(({ symbols }) => symbols)
          .filter(({ kind }) => kind === 'function');
        expect(functions.map(({ name }) => name)).toEqual(bodies.map((_, i) => `fn${i}`));
      }),
      { numRuns: 60 },
    );
  });
});

describe('definitions in every place and by every name', () => {
  test.each<[string, string, string[]]>(
    [
    ['cpp', 'Foo::operator bool() const { return 1; }\nbool operator ()(int a) { return a; }\nint operator +(A a) { return 1; }\n', ['method Foo.operator bool', 'function operator()', 'function operator+']],
    ['cpp', 'struct A {\n enum Kind { X };\n struct In { int z; } in;\n friend void f() {}\n};\ntemplate <> struct hash<A> { int h; };\n', ['struct A', 'enum A.Kind', 'constant A.Kind.X', 'field A.in', 'struct A.In', 'field A.In.z', 'method A.f', 'struct hash', 'field hash.h']],
    ['cpp', 'void f() {\n struct Local { int a; void m() {} };\n#define HERE 1\n}\n', ['function f', 'struct f.Local', 'field f.Local.a', 'method f.Local.m', 'macro f.HERE']],
    ['c', 'int a, *b, c[3];\ntypedef unsigned int word, *words;\nenum { ONE, TWO };\n', ['variable a', 'variable b', 'variable c', 'type word', 'type words', 'constant ONE', 'constant TWO']],
    ['csharp', '#if NET6\nusing X;\n#endif\nclass A\n#if B\n : Base\n#else\n : Other\n#endif\n{\n void M() { int Local(int x) { return x; } }\n public static implicit operator int(A a) => 1;\n}\n', ['class A', 'method A.M', 'function A.M.Local', 'method A.operator int']],
    ['java', 'class A {\n Runnable r = new Runnable() {\n  public void run() {}\n };\n void m() {\n  class Local { void n() {} }\n  use(new Object() { public void inner() {} });\n }\n}\n', ['class A', 'field A.r', 'method A.r.run', 'method A.m', 'class A.m.Local', 'method A.m.Local.n', 'method A.m.inner']],
    ['kotlin', 'class A {\n companion object {\n  fun make() = A()\n }\n val l = object : L {\n  override fun on() {}\n }\n fun m() {\n  fun inner() {}\n }\n val (x, y) = p\n}\n', ['class A', 'class A.Companion', 'method A.Companion.make', 'field A.l', 'method A.l.on', 'method A.m', 'function A.m.inner', 'field A.x', 'field A.y']],
    ['scala', 'object A {\n val (x, y) = (1, 2)\n def f(): Int = {\n  def g() = 1\n  g()\n }\n}\n', ['class A', 'constant A.x', 'constant A.y', 'method A.f', 'function A.f.g']],
    ['php', '<?php\nreturn new class extends Migration {\n public function up() {}\n};\nfunction f() {\n $a = new class { function m() {} };\n function inner() {}\n}\n', ['method up', 'function f', 'method f.m', 'function f.inner']],
    ['go', 'package a\n\nconst Width, Height = 1, 2\n\nvar x, y int\n\ntype Box struct {\n\tLeft, Top int\n}\n\nfunc f() {\n\ttype local struct{ a int }\n}\n', ['constant Width', 'constant Height', 'variable x', 'variable y', 'struct Box', 'field Box.Left', 'field Box.Top', 'function f', 'struct f.local', 'field f.local.a']],
    ['rust', 'mod other;\nfn f() {\n    fn g() {}\n    enum E { A }\n}\ncfg_if! {\n    if #[cfg(x)] {\n        pub fn inside() {}\n    }\n}\n', ['module other', 'function f', 'function f.g', 'enum f.E', 'constant f.E.A', 'function inside']],
  ] /* prettier-ignore */,
  )('%s: %s', (language, source, symbols) => {
    expect(symbolsOf(source, language).sort()).toEqual(symbols.sort());
  });

  test('generated code has its definitions, and chunks cut by lines', () => {
    const source = `// Code generated by a program. DO NOT EDIT.\npackage a\n\n${Array.from({ length: 99 }, (_, i) => `func F${i}() {\n\tuse(${i})\n}\n`).join('\n')}`;
    const { chunks } = chunker.chunk(bytesOf(source), 'go');
    expect(chunks.flatMap(({ symbols }) => symbols.map(({ name }) => name))).toEqual(
      Array.from({ length: 99 }, (_, i) => `F${i}`),
    );
    expect(chunks.every(({ symbols }) => symbols.every(({ inner }) => inner))).toBe(true);
  });

  test('a function that the parser lost the end of does not swallow what follows', () => {
    const lines = Array.from({ length: 80 }, (_, i) => `        use(${i});\n`).join('');
    const source = `class A {\n    void broken() {\n        if (x { {{\n${lines}    }\n\n    void after() {\n        use();\n    }\n}\n`;
    expect(symbolsOf(source, 'java')).toContain('method A.after');
  });
});
