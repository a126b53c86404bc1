import { expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import { bytesOf, symbolLines } from './helpers.js';

const chunker = await createChunker();

// Each says what people write that once had no symbol, or a wrong one.
test.each([
  ['python', 'decorators and nested functions', 'def outer(f):\n    @wraps(f)\n    def inner(*a):\n        class Local: pass\n    return inner\n', 'outer inner Local'],
  ['python', 'several names', 'A, B = 1, 2\n[c, d] = e\n', 'A B c d'],
  ['python', 'branches', 'try:\n    import x\nexcept ImportError:\n    def fallback(): pass\nfinally:\n    def last(): pass\n', 'fallback last'],
  ['javascript', 'classes without a name', 'module.exports = class { m() {} };\nexport default class { n() {} }\n', 'exports m n'],
  ['javascript', 'class expressions', 'const X = class { m() {} };\nconst mixin = (Base) => class extends Base { mixed() {} };\n', 'X m mixin mixed'],
  ['javascript', 'names of function expressions', 'app.get("/", function handler() {});\nreturn_(function onDone() {});\nconst f = function f() {};\n', 'handler onDone f'],
  ['javascript', 'handlers in a component', 'function App() {\n  const onClick = () => {};\n  function onKey() {}\n  return h(onClick);\n}\n', 'App onClick onKey'],
  ['javascript', 'computed and private names', 'class A { [Symbol.iterator]() {} #x = 1; get y() {} "z-z"() {} }\n', 'A Symbol.iterator x y z-z'],
  ['typescript', 'names that are taken apart', 'export const { increment, reset: clear } = slice.actions;\nexport const [first, second] = pair;\n', 'increment first second'],
  ['typescript', 'members of an enum', 'enum Mode { On, Off = 2, "both" }\n', 'Mode On Off'],
  ['typescript', 'types in functions', 'function f() {\n  type Local = string;\n  interface Inner { a: 1 }\n}\n', 'f Local Inner a'],
  ['ruby', 'accessors', 'class A\n  attr_accessor :a, :b\n  X, Y = 1, 2\n  Z ||= 3\n  alias old new\nend\n', 'A a b X Y Z old'],
  ['ruby', 'branches and blocks', 'if x\n  def f; end\nelse\n  def g; end\nend\nFoo = Struct.new(:a) do\n  def m; end\nend\nprivate def p; end\n', 'f g Foo m p'],
  ['ruby', 'a scope in the name', 'module A::B\n  class C::D < E; end\nend\n', 'B D'],
  ['ruby', 'operators', 'class A\n  def []=(k, v); end\n  def <=>(o); end\nend\n', 'A []= <=>'],
  ['lua', 'fields, methods and locals', 'local a, b = 1, 2\nM.f = function() end\nfunction A:m() end\nM["k"] = function() end\nif x then function z() end end\n', 'a b f m k z'],
  ['lua', 'functions in functions', 'function M.setup()\n  local function inner() end\n  on("x", function() local deep = function() end end)\nend\n', 'setup inner deep'],
  ['elixir', 'operators', 'defmodule A do\n  def a + b, do: 1\n  def left <> right when is_x(left), do: 1\n  def !x, do: x\nend\n', 'A + <> !'],
  ['elixir', 'guards are no names', 'defmodule A do\n  def f(a) when a > 1 and a < 3, do: 1\n  defguard is_even(x) when rem(x, 2) == 0\nend\n', 'A f is_even'],
  ['elixir', 'types, callbacks, records', 'defmodule A do\n  @type t(a) :: a\n  @callback c(x) :: y when x: z\n  require Record\n  Record.defrecord :user, name: 1\n  defmodule B do\n  end\nend\n', 'A t c user B'],
  ['elixir', 'an attribute above stays there', 'defmodule A do\n  @doc "x"\n  @spec f() :: 1\n  def f, do: 1\nend\n', 'A f'],
  ['haskell', 'constructors and fields', 'data T = A Int | B { fa :: Int, fb, fc :: String } | Int :+ Int\ndata G where\n  GA :: Int -> G\n', 'T A B fa fb fc :+ G GA'],
  ['haskell', 'operators and several names', '(<+>) :: a -> a -> a\na <+> b = a\ng, h :: Int\n(p, q) = (1, 2)\nf = 1\n', '<+> g h p q f'],
  ['bash', 'functions wherever they are', 'case $x in a) qux() { :; };; esac\nfor i in 1; do\n  infor() { :; }\ndone\nouter() {\n  inner() { :; }\n}\nfunction kw { :; }\n', 'qux infor outer inner kw'],
  ['bash', 'zsh', 'if [[ -n ${(k)x[(r)a]} ]]; then\n  print ${${(s.:.)y}:#z}\nfi\nfunction one() {\n  :\n}\ntwo() {\n  :\n}\n', 'one two'],
  ['javascript', 'objects in functions', 'function f() {\n  const o = { a: { b: 1 }, run() {}, "k-k": { c: 2 } };\n  const none = {}, n = 1;\n  s.opts = { d: 1 };\n}\n', 'f o a run k-k opts'],
  ['javascript', 'data in functions is not one', 'function f() {\n  const n = 1;\n  call({ a: { b: 1 } });\n}\n', 'f'],
  ['typescript', 'parameters that are properties', 'class A {\n  constructor(private readonly x: X, public y = 1, z: number, readonly w: W) {}\n}\nclass B {\n  constructor(\n    @Inject() protected http: Http,\n  ) {}\n}\n', 'A constructor x y w B constructor http'],
  ['tsx', 'parameters that are properties', 'class A {\n  constructor(private x: X) {}\n}\n', 'A constructor x'],
  ['php', 'promoted parameters', '<?php\nclass A {\n  function __construct(private readonly int $x, protected $y = 1, $z) {}\n}\n', 'A __construct x y'],
  ['java', 'components of records', 'record P<T>(int x, @A T y) {\n  void f(int q) { class L {} }\n}\n', 'P x y f L'],
  ['csharp', 'parameters of records, aliases', 'using System;\nusing Json = Newtonsoft.Json.Linq;\npublic record P(int X, string Y) { void F(int q) {} }\nclass C(int a) {}\n', 'Json P X Y F C'],
  ['kotlin', 'parameters that are properties', 'data class A(val x: Int, private var y: String = "a", z: Int)\nactual open class B\ninternal actual constructor(\n  internal actual val data: ByteArray,\n) : Comparable<B> {\n  actual companion object {\n    fun of() = 1\n  }\n}\n', 'A x y B data Companion of'],
  ['scala', 'parameters that are members', 'case class A[T](x: Int, private val y: T)\nclass B(a: Int, val b: Int) { def f(c: Int) = 1 }\n', 'A x y B b f'],
  ['lua', 'functions that are chosen', 'local f = opts.f or function(x) return x end\nlocal t = {\n  on = enabled and function() end,\n}\n', 'f t on'],
  ['c', 'macros and types wherever they are', 'static int codes[] = {\n#define LAST 3\n  1,\n};\ntypedef BOOL (WINAPI *Fn)(int);\ntypedef ULONG(__stdcall *Gn)(\n    int a);\nstatic ngx_inline ngx_int_t\nalready(void)\n{\n  return 1;\n}\n/*\n#define NOT_ONE 1\n*/\n', 'LAST Fn Gn already'],
  ['cpp', 'annotations after a declaration', 'class D {\n  Status Recover(Edit* e)\n      EXCLUSIVE_LOCKS_REQUIRED(mu_);\n  void May() ABSL_LOCKS_EXCLUDED(mu_) { if (x) CHECK(y); }\n  Table* imm_ GUARDED_BY(mu_);\n  int seed_ GUARDED_BY(mu_) = 3;\n  void logf(const char* f, ...) ATTRIBUTE_PRINTF(1, 2);\n};\n', 'D Recover May imm_ seed_ logf'],
  ['kotlin', 'a class whose body follows a delegate', 'class A(private val p: P) : Callbacks by noOp() {\n  private val r = object : Runnable {\n    override fun run() {}\n  }\n  fun install() {}\n}\n', 'A p r run install'],
  ['typescript', 'what a program wrote', '// DO NOT EDIT\nexport class Session extends Client {\n    private static readonly registry = new Registry();\n    public list<T extends boolean = false>(\n        options?: {\n            a?: string;\n        },\n    ) {\n        if (x) {\n        }\n    }\n    get client(): Client {\n    }\n    run(a: string, b: () => void): Promise<void> {\n        return this.a(() => {\n        });\n    }\n}\n', 'Session registry list client run'],
  ['rust', 'one long line among others', `fn one() {}\n// ${'x'.repeat(6000)}\n${'fn two() {}\n'.repeat(50)}`, `one ${'two '.repeat(50).trim()}`],
  ['csharp', 'long names', `class A {\n  void ${'Should_'.repeat(30)}() {}\n}\n`, `A ${'Should_'.repeat(30)}`],
  ['c', 'attributes with numbers alone', 'static char * printflike(1, 2)\nformat_printf(const char *fmt, ...)\n{\n  return 0;\n}\nvoid log_it(const char *, ...) printflike(1, 2);\nvoid after(void) { usleep(10); }\n', 'format_printf log_it after'],
  ['javascript', 'exports under another name', 'export { a as b, default as C, x as default, d } from "./x";\n', 'b C'],
  ['typescript', 'exports under another name', 'export { type A as B, c } from "./x";\nexport type { E as F };\nimport { type G as H } from "./x";\n', 'B F'],
  ['lua', 'keys that are no identifiers', 'M["foo-bar"] = function() end\nlocal t = { [2] = { on = function() end }, ["a-b"] = 1 }\nlocal f = ({ g = function() end })[x]\n', 'foo-bar t on a-b f g'],
  ['lua', 'declared globals', 'global <const> *\nglobal print, x <const>\nglobal<const> function f() end\nglobal a, b <const> = 1, 2\nglobal.c = 1\nglobal = 3\n', 'f a b c'],
  ['c', 'pointers to functions by a macro', 'typedef int LIB_CALLBACK(each_cb)(const id *x, void *payload);\n', 'each_cb'],
  ['c', 'what a program wrote', '/* This file is DO NOT EDIT */\nLIB_INLINE(const spec *) find(\n    int x)\n{\n}\nint each(\n    int a);\ntypedef enum {\n  ONE, /* not, this */\n  TWO = F(1, 2),\n#ifdef X\n  THREE\n#endif\n} kind;\nenum mode { A, B = 1 };\n', 'find each ONE TWO THREE kind mode A B'],
  ['cpp', 'an enum class in capitals, labels and macros', 'struct S {\n  enum class ASLR { ON, OFF };\n  PRIVATE_UNLESS_TESTED:\n  struct data { int m; };\n};\n#define NO_CHECK \\\n  ATTRIBUTE_(no_check)\n\nnamespace n {\n}\nBENCHMARK_EXPORT\nstd::map<int, int> From(\n    int x) {\n}\n', 'S ASLR ON OFF data m NO_CHECK n From'],
  ['haskell', 'both branches', 'module M where\na :: Int\na = 1\n#if X\nb :: Int\nb = 1\n#else\nnewtype S = S Int\n\nc :: Int\nc = 2\n#endif\n', 'a b S c'],
  ['lua', 'data of callbacks is local', 'local m = {}\nm.confirm = sync(function(option)\n  option.behavior = function() end\n  option.replace = 1\n  local x = 2\nend)\nT["a `b.c`"] = function() end\n', 'm confirm behavior'],
  ['python', 'attributes of others are not defined', 'a, b = 1, 2\ntable.width = 3\nlib.f.argtypes = [c]\nd[e] = f\n', 'a b'],
  ['ruby', 'what is delegated to, and elements', 'ENV["A"] = x\nA, B = 1, 2\nclass C\n  def_delegators :@target, :one, :two\n  delegate :three, to: :four\nend\n', 'A B C one two three'],
  ['c', 'data of a function that is read by lines', 'Code start(struct a *b)\n{\n#if X >= 1\n  int res;\n  res =\n#endif\n    set(b);\n}\n', 'start'],
  ['cpp', 'no keyword is a name', '// DO NOT EDIT\nnamespace a::b {\ninline void f() {\n  asm volatile("" : : "m"(value) : "memory");\n}\n}\n', 'a::b f'],
  ['cpp', 'a variable that looks like a function', 'void f() {\n  struct S { int m; };\n  std::lock_guard<std::mutex> l(mu);\n  std::string s(len, c);\n}\nint g(int);\n', 'f S m g'],
  ['rust', 'what an implementation is for', 'impl<A, B> Extend<A> for (A, B) {\n  fn extend(&self) {}\n}\nimpl dyn Sleep {\n  fn wake() {}\n}\nimpl<T> Seq<T> for [T] {}\n', 'extend wake'],
  ['c', 'macros that are statements', 'void test(void)\n{\n  U8 p[] = {1, 2};\n\n  EXPECT_BEGIN\n  ASSERT_EQUAL(p, 4);\n  EXPECT_END\n}\nint after(void) { return 1; }\nHANDLE\nopen_it(int a);\n', 'test after open_it'],
  ['lua', 'attributes of others are not defined', 'local M = {}\nlocal p = ...\nM.a = 1\np.b = 2\nq.c.d = 3\nq.f = function() end\nr.e = 4\nreturn setmetatable(r, {})\n', 'M p a f e'],
  ['c', 'what is declared alone', 'extern int a;\nextern const struct x b[];\nextern char **e;\nint c;\nextern int d = 1;\nextern int f(void);\nexternal g;\n', 'c d f g'],
  ['c', 'pointers by a macro, and macros between a type and a name', 'static void WINAPI (*g)(int)\n  = 0;\nstatic BOOL (*h)(int);\nstatic TARGET_ATTRIBUTE size_t\nDONT_VECTORIZE\nk(int x)\n{\n}\nstruct s {\n  int (APIENTRY *f)\n    (int stream, void *texture);\n};\n', 'g h k s f'],
  ['c', 'comments in macros', '#define FAIL(a)  \\\n  do {           \\\n    f(&a);       \\\n    /* why */;   \\\n  } while (0)\n\nvoid g(int* loc, block* answer,\n       struct l* locations, const char *s){\n}\n', 'FAIL g'],
  ['cpp', 'initializers, operators and members of classes', '// DO NOT EDIT\nstruct A {\n  explicit A(int n)\n      : Traits(n), buffer<T>(0) {}\n  bool operator()(int x) const {\n  }\n};\n', 'A A operator()'],
  ['cpp', 'operators that convert, friends, and functions that are deleted or made', 'template <typename R> struct A {\n  operator Action<R(Args...)>() const {}\n  operator std::vector<int>() const;\n  explicit operator bool() const;\n  operator T*();\n  friend int* ns::Get();\n  friend void swap(A& a, A& b);\n  friend bool operator==(A a, A b) { return true; }\n};\nns::A<T>::operator std::vector<ns::B>() const { return {}; }\nbool operator<(const A&, const A&) = default;\nvoid gone(int) = delete;\nint* p = new int;\n', 'A operator Action<R(Args...)> operator std::vector<int> operator bool operator T* operator== operator std::vector<ns::B> operator< gone p'],
  ['cpp', 'what stands for a name and is none', 'struct A {\n  const F Class::* field_;\n  int (A::*pm)(int);\n  int operator<=>(const A& b) const;\n};\ntypedef LIB_TYPE(Given) Own;\nvoid f() {\n  try { g(); } CATCH_ANON (T const&) { h(); }\n}\ntemplate <typename M>\nLIB_INLINE rot<M>::rot(int b) : c(b) {\n}\nLIB_INLINE pool::~pool() {\n  LIB_TRY {\n    f();\n  }\n  LIB_CATCH\n}\nvoid LIB_INLINE pool::post(int m) {\n}\nclass LIB_API [[nodiscard]] B : A {\n};\n', 'A field_ pm operator<=> Own f rot ~pool post B'],
  ['cpp', 'a body of a macro is no place', '#define SUITE(T) \\\n  class T { \\\n    typedef int Fixture; \\\n  };\nint after;\n', 'SUITE after'],
  ['java', 'data of initializers and lambdas', 'class A {\n  static { for (int i = 0;;) { class B {} } int z = 3; }\n  { int q; Foo f = new Foo() { void m() {} }; }\n  Foo x = y -> { int w = 1; return new Foo() { int in; void k() {} }; };\n  int ok;\n}\n', 'A B m x in k ok'],
  ['python', 'one value of several names', 'class A:\n  x = y = 1\na = b = c = 3\n', 'A x y a b c'],
  ['ruby', 'constants of blocks', 'it "y" do\n  Z = Struct.new(:a)\n  if Z == 3 then end\nend\n', 'y Z'],
  ['rust', 'no keyword and no place holder is a name', 'const _: () = ();\nimpl Serialize for ! {}\nforward! {\n    struct enum identifier ignored_any\n}\nfn f() {}\n', 'Serialize f'],
  ['javascript', 'what is too long to be parsed', '// DO NOT EDIT\nvar A = {\n  m: function(a) {\n  },\n  "n": function() {\n  },\n};\nA.b.c = function() {\n};\n', 'A m n c'],
  ['protobuf', 'values of an enumeration', 'enum E {\n  A = 0;\n  B = 0x1 [deprecated = true];\n}\nmessage M {\n  option x = 1;\n  string s = 1;\n}\n', 'E A B M'],
])('%s: %s', (language, _, source, names) => {
  const content = bytesOf(source);
  const file = chunker.chunk(content, language);
  expect(file.diagnostics).toEqual([]);
  const found = symbolLines(content, file).map((line) => line.replace(/^\d+ \S+ /, ''));
  // Without scopes, which have dots too.
  const bare = file.chunks.flatMap(({ symbols }) => symbols.map(({ name }) => name));
  expect(bare.join(' '), found.join('\n')).toBe(names);
}); // prettier-ignore
