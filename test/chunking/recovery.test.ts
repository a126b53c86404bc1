import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import type { Chunker } from '../../src/chunking/index.js';
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

  test('what a grammar is given has the same length and lines as the text, whatever it is', () => {
    const piece = fc.constantFrom(
      '#if A\n', '#else\n', '#elif B(<x>)\n', '#endif\n', '#define M(x) \\\n x\n', 'class A_API B {\n', '}\n', 'LIB(a,\n b)\n', '"{', '/* {\n', '*/', "'{'", 'slots:\n',
      'template <typename T, ENABLE(x)>\n', 'int CALL f();\n', 'é🎉', '\r\n', '(', '<', 'A_B ',
    ); // prettier-ignore
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.constantFrom('c', 'cpp', 'csharp'), (pieces, language) => {
        const text = pieces.join('');
        const prepared = prepareText(text, language).text;
        expect(prepared.length).toBe(text.length);
        const ends = (of: string): string => of.replace(/[^\n]/g, '.');
        expect(ends(prepared)).toBe(ends(text));
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
    ];
    for (const text of hostile) {
      const before = performance.now();
      for (const language of ['cpp', 'csharp']) prepareText(text.repeat(20_000), language);
      expect(performance.now() - before, text).toBeLessThan(10_000);
    }
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
