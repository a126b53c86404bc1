import { expect, test } from 'vitest';
import { lexicalPlaces } from '../../src/text/index.js';

/** In these, what begins with `c_` is code, with `s_` in a string, with `m_` in a comment. */
const samples: Readonly<Record<string, string>> = {
  typescript: `c_a /* m_b */ 's_c' + \`s_d \${c_e + \`s_f \${c_g({ c_h: 's_i' })}\`} s_j\`; // m_k "m_l
const c_m = /s_n['"\`]/.test(c_o) ? c_p / 's_q' / c_r : "s_s \\" s_t"; return /[/]s_u"/g; c_v`,
  jsx: `<c_a c_b="s_c">it's</c_d>
c_e = <c_f>{c_g}</c_h>`,
  python: `c_a = f"s_b {c_c['s_k']!r:>{c_d}} {{s_e}}" # m_f's
c_g = """s_h
"s_i" # s_j
"""; c_k = rb'\\'s_l'; c_m = r'\\\\' + 's_n'`,
  go: "c_a := `s_b\n\"s_c` // m_d\nc_e('\\'', 's', \"s_f\\\"\") /* m_g\n */ c_h",
  rust: `fn c_a<'c_b, 'c_c>(x: &'c_b str) -> char { 'x' /* m_d /* m_e */ m_f */ }
let c_g = r#"s_h " s_i"#; c_j('"', b"s_k\ns_l"); // m_m`,
  java: `c_a = """
  s_b " s_c
  """; c_d = 'x'; c_e("s_f\\"s_g"); // m_h`,
  kotlin: `c_a = "s_b $c_c s_d \${c_e("s_f")} s_g" /* m_h /* m_i */ m_j */ + """s_k "$c_l" s_m""" + c_n`,
  scala: `val c_a = s"s_b \${c_c.map("s_d")} $c_e" + "s_f $s_g" + 'c_h + """s_i "s_j"""; c_k`,
  swift: `let c_a = "s_b \\(c_c("s_d")) s_e" + #"s_f " \\s_g"# /* m_h /* m_i */ */ + c_j`,
  dart: `var c_a = 's_b $c_c \${c_d} s_e' + r'$s_f' + """s_g 'x' $c_h"""; // m_i`,
  c: `#define c_a "s_b" /* m_c " */
if (c_d == '"' && c_e != '\\'') c_f(L"s_g"); // m_h`,
  cpp: `auto c_a = R"x(s_b " )" s_c)x"; int c_d = 1'000'000; c_e("s_f");`,
  csharp: `var c_a = @"s_b ""s_c"" \\"; c_d = $"s_e {c_f("s_g")} {{s_h}}"; c_i = """s_j "s_k" """; // m_l`,
  php: `<p>it's</p> <?php c_a("s_b $c_c {$c_d->c_e} s_f", 's_g $s_h'); # m_i
#[c_j] $c_k = <<<EOT
s_l $c_m s_n
EOT; c_o ?> don't <?= c_p // m_q`,
  ruby: `c_a = "s_b #{c_c("s_d")} s_e" # m_f
=begin
m_g
=end
c_h(<<~SQL, c_i)
  s_j #{c_k} s_l
SQL
c_m = %w[s_n s_o] + [c_p / c_q, c_r =~ /s_s #/] + \`s_t\``,
  elixir: `c_a = "s_b #{c_c} s_d" # m_e
@doc """
s_f "s_g"
"""
c_h = ~r/s_i/ |> c_j(~S"s_k") + ?" + c_l`,
  haskell: `c_a' = "s_b" ++ c_c' 'x' --> c_d
{- m_e {- m_f -} m_g -} c_h -- m_i "`,
  lua: `c_a = [[s_b
"s_c]] --[==[ m_d ]] m_e ]==] c_f('s_g') -- m_h`,
  zig: `const c_a = \\\\s_b " s_c
; c_d('"'); // m_e`,
  bash: `c_a="s_b $c_c \${c_d} s_e $(c_f "s_g") s_h" # m_i
echo c_j#c_k 's_l $s_m' $c_n
cat <<EOF; c_o
s_p $c_q
EOF
c_r`,
  sql: `select c_a, 's_b ''s_c' from "c_d" -- m_e`,
  clojure: `(c_a 'c_b "s_c\ns_d") ; m_e`,
  erlang: `c_a('c_b', "s_c", $") % m_d`,
  ocaml: `let c_a : 'c_b = "s_c" (* m_d (* m_e *) m_f *) in c_g '"'`,
  julia: `c_a = "s_b" #= m_c #= m_d =# =# + c_e # m_f`,
  protobuf: `message c_a { string c_b = 1 [c_c = "s_d"]; } // m_e`,
};

for (const [language, text] of Object.entries(samples)) {
  test(`${language}: what is code, comment and string`, () => {
    const names = [...text.matchAll(/\b[csm]_[a-z]\b/g)];
    const places = lexicalPlaces(
      text,
      language,
      names.map(({ index }) => index),
    );
    const expected = { c: 'code', s: 'string', m: 'comment' };
    expect(names.map(([name], i) => `${name} ${places[i]}`)).toEqual(
      names.map(([name]) => `${name} ${expected[name[0] as 'c']}`),
    );
  });
}

test('prose and data are no code; nothing asked, nothing told; an open end is no trouble', () => {
  expect(lexicalPlaces('see `parse` "x"', 'markdown', [5])).toEqual(['text']);
  expect(lexicalPlaces('x', 'go', [])).toEqual([]);
  for (const language of Object.keys(samples)) {
    for (const text of ['"', "'", '/*', '`${', '<<A', '%w[', 'f"{', '"""', '#{', '\\', '<?', 'x'.repeat(9)])
      expect(lexicalPlaces(text, language, [text.length - 1])).toHaveLength(1);
  }
});
