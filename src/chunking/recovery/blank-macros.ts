/**
 * Takes out of C and C++ what only the preprocessor understands, so that a grammar reads the rest as what it is: macros between
 * `class` and its name, before and after a function's head, alone on a line; Qt's sections. A macro is a word in capitals, as
 * nearly everywhere. What is taken out becomes blanks: offsets and lines stay.
 */
export function blankMacros(text: string): string {
  // What a condition says does not matter, and grammars trip over what it may say.
  let blanked = text.replace(
    conditions,
    (_, head: string, condition: string) => `${head}1${blank(condition.slice(1))}`,
  );
  for (const [pattern, edit, needed] of passes) {
    if (needed?.test(blanked) !== false) blanked = blanked.replace(pattern, edit);
  }
  blanked = blankLoneMacros(blanked);
  return blankSpecifiers(blanked);
}

export const blank = (text: string): string => text.replace(/[^\n\r]/g, ' ');

const conditions = /^([ \t]*#[ \t]*(?:if|elif)[ \t]+)((?:[^\n\\]|\\[^\n]|\\\r?\n)+)/gm;

type Edit = (match: string, ...groups: string[]) => string;

const args = String.raw`\((?:[^()]|\((?:[^()]|\([^()]{0,200}\)){0,400}\)){0,800}\)`;
const macro = String.raw`(?:[A-Z][A-Z0-9_]+\b|(?!__|[A-Z][A-Z0-9_]*\b)[A-Za-z_]\w*_(?:EXPORT|export|API|api)\b|__\w+)(?:[ \t]*${args})?`;
/** What says something about locks, arguments or use, never a type or a function. */
const annotation = String.raw`(?:[A-Z][A-Z0-9]*_)*(?:GUARDED|GUARDED_BY|REQUIRES?D?|REQUIRES_SHARED|LOCKS?_[A-Z_]+|LOCKABLE|UNLOCK_[A-Z_]+|(?:TRY_?)?(?:ACQUIRED?|LOCKED|RELEASED?)(?:_[A-Z]+)*|LOCK_FUNCTION|EXCLUDES|ASSERT_CAPABILITY|RETURN_CAPABILITY|LOCK_RETURNED|ATTRIBUTE|ATTRIBUTE_[A-Z_]+|ATTR_[A-Z_]+|DEPRECATED|PRINTF[A-Z_]*|PRINTFLIKE|FORMAT|NONNULL|UNUSED|ALIGNED|SECTION|WARN_UNUSED[A-Z_]*)`;
const classKey = String.raw`\b(?:class|struct|union|enum(?:[ \t]+(?:class|struct))?)`;

/** What is looked for, what it becomes, and what a text that has it must have: most have not, which is quickly seen. */
const passes: readonly (readonly [RegExp, Edit, needed?: RegExp])[] = [
  // `LIB_EXPORT(x) int f(`
  [
    new RegExp(
      String.raw`^([ \t]*)([A-Z][A-Z0-9_]{2,}[ \t]*${args})(?=[ \t]+[A-Za-z_][\w:<>,]*[ \t*&]+[~\w:]+[ \t]*[(;={])`,
      'gm',
    ),
    (_, space, call) => space + blank(call),
  ],
  [
    new RegExp(String.raw`\b(?:__attribute__|__attribute|__declspec)[ \t]*${args}`, 'g'),
    blank,
    /__attribute|__declspec/,
  ],
  // `class EXPORT Name : …`
  [
    new RegExp(
      String.raw`(${classKey}\s+)((?:(?:${macro}|alignas[ \t]*${args}|\[\[[^\]\n]{0,200}\]\])\s+)+)(?=[A-Za-z_]\w*(?:::\w+)*\s*(?:<[^;{}()]{0,1000}>\s*)?(?:final\b\s*)?(?::(?!:)|\{))`,
      'g',
    ),
    (_, key, macros) => key + blank(macros),
  ],
  // `struct name __packed {`
  [
    new RegExp(
      String.raw`(${classKey}\s+(?!(?:class|struct)\b)[A-Za-z_]\w*\s+)((?:(?!final\b)(?:[A-Z_][A-Z0-9_]{2,}\b|__(?=\w*[a-z])\w+\b)(?:[ \t]*${args})?\s*)+)(?=\{|:[^:])`,
      'g',
    ),
    (_, head, macros) => head + blank(macros),
  ],
  // `} __packed name;`
  [
    new RegExp(String.raw`(\}[ \t]*)((?:__\w+\b(?:[ \t]*${args})?[ \t]*)+)(?=[\w*]*[ \t]*;)`, 'g'),
    (_, brace, macros) => brace + blank(macros),
  ],
  // `f(int x)⏎ LOCKS_REQUIRED(m);`, `T x GUARDED_BY(m);`
  [
    new RegExp(
      String.raw`([)\w\]]\s+)((?:\b${annotation}[ \t]*${args}\s*)+)(?=[{;=]|const\b|override\b|final\b|noexcept\b)`,
      'g',
    ),
    (_, before, macros) => before + blank(macros),
  ],
  // `void printflike(1, 2)⏎log_msg(…`, `f(const char *, …) printflike(1, 2);`: numbers are no parameters.
  [
    /^((?:\w+[ \t*]+)+)([a-z_]\w*\([\d, \t]+\))(?=[ \t]*\r?\n?[ \t*]*\w+[ \t]*\()/gm,
    (_, head, call) => head + blank(call),
    /\([\d, \t]+\)[ \t]*\r?\n?[ \t*]*\w+[ \t]*\(/,
  ],
  [/(\)\s*)(\b[a-z_]\w*\([\d, \t]+\))(?=\s*[;{])/g, (_, before, call) => before + blank(call)],
  // `typedef int (WINAPI *f)(`
  [
    /\(([ \t]*(?:[A-Z][A-Z0-9_]+(?:[ \t]+|(?=\*))|__\w+[ \t]+)+)(?=\*[ \t]*(?:const[ \t]+)?\w+[ \t]*\)\s*\()/g,
    (_, macros) => `(${blank(macros)}`,
  ],
  // `static void WINAPI (*f)(int);`
  [
    /^([ \t]*(?:(?:static|extern|const)[ \t]+)*(?!(?:static|extern|const|return)\b)\w[\w \t*]*[ \t*])([A-Z][A-Z0-9_]+[ \t]*)(?=\(\*[ \t]*\w+[ \t]*\)[ \t]*\()/gm,
    (_, head, macro) => head + blank(macro),
    /[A-Z][ \t]*\(\*[ \t]*\w+[ \t]*\)[ \t]*\(/,
  ],
  // `typedef int LIB_CALLBACK(f)(int);` is a pointer, `(*f)`.
  [
    /^([ \t]*typedef\b[\w \t*]*[ \t*])([A-Z][A-Z0-9]*_[A-Z0-9_]+[ \t]*)\((?=\w+\)[ \t]*\()/gm,
    (_, head, macro) => `${head}${blank(macro).slice(1)}(*`,
    /\btypedef\b/,
  ],
  // `typedef LIB_TYPE(x) Name;`
  [
    new RegExp(
      String.raw`^([ \t]*typedef[ \t]+(?:const[ \t]+)?)([A-Z][A-Z0-9_]+[ \t]*${args})(?=[ \t*&]+\w+[ \t]*;)`,
      'gm',
    ),
    (_, head, call) => head + 'int'.padEnd(call.length),
    /\btypedef[ \t]+(?:const[ \t]+)?[A-Z][A-Z0-9_]+[ \t]*\(/,
  ],
  // `T Class::*member`
  [/(?<![\w:])(?:[A-Za-z_]\w*::)+(?=\*[ \t]*\w)/g, blank, /::\*[ \t]*\w/],
  // `try {…} CATCH_ALL(e) {`
  [
    new RegExp(String.raw`(\}\s{0,40})((?=[A-Z0-9_]*(?:CATCH|EXCEPT))[A-Z][A-Z0-9_]{3,}[ \t]*${args})(?=\s*\{)`, 'g'),
    (match, brace, call) => (call.length < 10 ? match : brace + 'catch(...)'.padEnd(call.length)),
    /CATCH|EXCEPT/,
  ],
  // `LIB_TRY {` among statements
  [/(?<=[{;}][ \t]*\r?\n)([ \t]+[A-Z][A-Z0-9_]{3,})(?=[ \t]*\{[ \t]*\r?$)/gm, blank],
  // `MY_PRIVATE:` among members; what is a label in a function nobody misses.
  [/^[ \t]*[A-Z][A-Z0-9_]{2,}:(?=[ \t]*(?:\/\/[^\n]*)?\r?$)/gm, blank, /\b(?:class|public|private|template)\b/],
  // `f() const NOEXCEPT {`
  [
    new RegExp(
      String.raw`(\)[ \t]*(?:const\b[ \t]*)?(?:noexcept\b[ \t]*)?)((?:[A-Z][A-Z0-9_]{3,}\b(?:[ \t]*${args})?[ \t]*)+)(?=\s*(?:[{;]|->|const\b|override\b|final\b|=\s*(?:0|default|delete)\b))`,
      'g',
    ),
    (_, head, macros) => head + blank(macros),
  ],
  [
    /\b(public|private|protected)([ \t]+)(slots|Q_SLOTS)(?=[ \t]*:)/g,
    (_, access, space, slots) => access + space + blank(slots),
    /slots|Q_SLOTS/,
  ],
  [
    /^([ \t]*)(signals|Q_SIGNALS)(?=[ \t]*:[^:])/gm,
    (_, space, word) => `${space}public`.padEnd(space.length + word.length),
    /signals|Q_SIGNALS/,
  ],
  // `template <typename T, ENABLE_IF(…)>`
  [
    /\btemplate\s*<[^;{}]{0,600}/g,
    (head) =>
      head.replace(
        new RegExp(String.raw`([,<]\s*)([A-Z][A-Z0-9_]{3,}[ \t]*${args})`, 'g'),
        (_, before: string, call: string) => before + 'int'.padEnd(call.length),
      ),
  ],
];

const loneMacro = new RegExp(
  String.raw`^[ \t]*([A-Z][A-Z0-9_]{2,})([ \t]*${args})?[ \t]*(?:;[ \t]*)?(?://.*|/\*.*\*/[ \t]*)?\r?$`,
  'gm',
);
const aloneBefore = new RegExp(String.raw`^[ \t]*[A-Z][A-Z0-9_]{2,}(?:[ \t]*${args})?[ \t]*$`);
/** What may stand before a statement. */
const endsStatement = /(?:[;{}:>]|\*\/|^)$/;

/** Macros alone on a line where a declaration may begin: `LIB_BEGIN`, `GENERATED_BODY()`, `UCLASS(…)`. */
function blankLoneMacros(text: string): string {
  return text.replace(loneMacro, (line: string, name: string, call: string | undefined, at: number) => {
    if (call !== undefined && /^(?:TEST|BENCHMARK|SCENARIO|BOOST_\w*TEST)/.test(name)) return line;
    if (line.includes(';') && call === undefined) return line;
    const next = after(text, at + line.length);
    // A word before a call may be its type, but hardly one of a macro's call.
    const isType = /^[}\w:~]*\s*[(,=;})\]|&+?]/.test(next) && !/^[A-Z][A-Z0-9_]+[ \t]*\(.*\)[ \t]*;\s*$/.test(next);
    const before = lineBefore(text, at);
    if (before.endsWith('\\')) return line; // a part of a macro's definition
    // Between a type on the line above and a function's name.
    if (call === undefined && isType && endsInType(before)) return blank(line);
    if (call === undefined ? isType || next === '' : /^[{:]/.test(next)) return line;
    if (call === undefined && /^\}/.test(next)) return line;
    const afterMacro = aloneBefore.test(before);
    return before === '' ||
      before.startsWith('#') ||
      endsStatement.test(before) ||
      afterMacro ||
      before.startsWith('//')
      ? blank(line)
      : line;
  });
}

/** Whether a line is words alone, the last of which is a type. */
function endsInType(line: string): boolean {
  const last = line.length > 200 ? undefined : /^[\w \t*]*?([A-Za-z_]\w*)[ \t*]*$/.exec(line)?.[1];
  return last !== undefined && !specifiers.has(last) && !isMacro(last) && !noDeclaration.test(last);
}

/** The next line that holds something. */
function after(text: string, from: number): string {
  const rest = /\S[^\n]*/.exec(text.slice(from, from + 400));
  return rest?.[0] ?? '';
}

/** The line above, trimmed; the nearest that is not blank. */
function lineBefore(text: string, at: number): string {
  let end = at;
  for (let i = 0; i < 4 && end > 0; i++) {
    const start = text.lastIndexOf('\n', end - 2) + 1;
    const line = text.slice(start, end).trim();
    if (line !== '') return line.replace(/\s*\/\/.*$/, '') || '//';
    end = start;
  }
  return '';
}

const inArguments = '[^;{}()<>]*';
/**
 * Template arguments, to a depth of three. An opening has one closing: with any text between the two, a line of many could be read in
 * a number of ways that doubles with each.
 */
const templateArguments = `<${inArguments}(?:<${inArguments}(?:<${inArguments}>${inArguments})*>${inArguments})*>`;
const typeName = String.raw`[\w:]+(?:${templateArguments}(?:::\w+)*)?`;
/** Only where a word of capitals, or such a suffix, is before the first bracket. */
const heads = new RegExp(
  String.raw`^([ \t]*(?=[\w:])(?=[^;{}()]{0,2000}?(?:[A-Z_]{2}|_(?:api|export|inline|noinline|noreturn)\b))(?:template[ \t]*<[^;{}()]{0,2000}>[ \t]*)?)((?:${typeName}(?:[ \t*&]+|[ \t*&]*\r?\n(?:[ \t]*\r?\n)?(?=\w+[ \t]*\()))+)(~?[\w:]+(?:${templateArguments}::~?\w+|~\w+)?|operator[^\s(]*[^\n(]*)(?=[ \t]*[(;=[])`,
  'gm',
);
const typeNames = new RegExp(typeName, 'g');
const specifiers = new Set(
  'static inline extern virtual const constexpr consteval friend explicit typedef register volatile mutable public private protected thread_local'.split(
    ' ',
  ),
);
const noDeclaration =
  /^(?:return|else|case|goto|throw|delete|new|using|namespace|if|while|for|switch|do|class|struct|enum|union|co_return|typename)$/;
const isMacro = (word: string): boolean =>
  /^[A-Z][A-Z0-9_]{2,}$|^__\w+$|^[A-Za-z_]\w*_(?:EXPORT|export|API|api|inline|noinline|noreturn)$/.test(word);

const specifierMacro =
  /(?:CONSTEXPR\d*|INLINE|API|EXPORTS?|DECL|NODISCARD|EXPLICIT|FUNC|NORETURN|CALL|PUBLIC|IMPORT|HIDDEN|VISIBLE|DEPRECATED\w*|UNUSED)$|^__/i;

/** Macros among the words before a name: `JNIEXPORT jint JNICALL f(`, `int WINAPI f(`. A type must be left. */
function blankSpecifiers(text: string): string {
  return text.replace(heads, (head: string, space: string, words: string, name: string) => {
    if (!/[A-Z_]{2}|_(?:api|export|inline|noinline|noreturn)\b/.test(words)) return head;
    const found = [...words.matchAll(typeNames)];
    if (found.some(([word]) => noDeclaration.test(word))) return head;
    const macros = found.filter(([word]) => isMacro(word));
    if (macros.length === 0) return head;
    const types = found.length - macros.length - found.filter(([word]) => specifiers.has(word)).length;
    const isType = types === 0 && !/^(?:~|operator\b)/.test(name);
    const likely = macros.filter(([word]) => !specifierMacro.test(word));
    // Where all look like specifiers, the last is a type like `__le32`.
    const type = isType
      ? (likely[likely.length > 1 ? 1 : 0] ?? macros.findLast(([word]) => word.startsWith('__')))
      : undefined;
    const dropped = macros.filter((found) => found !== type);
    let kept = words;
    for (const { 0: word, index } of dropped)
      kept = kept.slice(0, index) + blank(word) + kept.slice(index + word.length);
    return space + kept + name;
  });
}
