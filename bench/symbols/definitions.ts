import { spawnSync } from 'node:child_process';

/** A definition as universal-ctags tells it. */
export interface Tag {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  readonly kind: string;
  readonly language: string;
  readonly scope?: string;
  readonly scopeKind?: string;
}

/** Kinds of ctags that are definitions people look for; fields, variables and the like depend on the language too much. */
const kinds = new Set(
  `function method class struct interface trait enum union namespace module typedef alias macro constant type object record
  protocol singletonMethod constructor func def mixin generator getter setter annotation delegate enumerator subroutine package
  implementation category exception val callback guard operator Constructor Exception rule`.split(/\s+/),
);

/** The sixteen languages of the target; others are printed below them. */
export const targetLanguages = new Set(
  'C C++ C# Elixir Go Haskell Java JavaScript Kotlin Lua PHP Python Ruby Rust Sh TypeScript'.split(' '),
);
const otherLanguages = new Set(
  'Scala Clojure CUDA Erlang Groovy Julia ObjectiveC OCaml Perl PowerShell Protobuf R Vim Tcl Fortran Pascal D'.split(
    ' ',
  ),
);

export const isMeasured = (language: string): boolean => targetLanguages.has(language) || otherLanguages.has(language);

/** Every tag of the files below `folder`, of all kinds. */
export function readTags(folder: string): Tag[] {
  const options = ['--options=NONE', '--output-format=json', '--fields=+nKlSsZ', '--sort=no', '-R'];
  const others = ['--exclude=vendor', '--exclude=node_modules', '--exclude=third_party'];
  const { stdout, error } = spawnSync('ctags', [...options, ...others, '.'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 31 - 1,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (error !== undefined) throw error;
  return stdout.split('\n').flatMap((line) => {
    let tag: Tag & { readonly _type: string };
    try {
      tag = JSON.parse(line) as typeof tag;
    } catch {
      return []; // a name that is no UTF-8
    }
    return tag._type === 'tag' ? [{ ...tag, path: tag.path.replace(/^\.\//, '') }] : [];
  });
}

/**
 * The definitions among a file's tags that we are measured by, each once: a function of several clauses is one.
 * Left out are names that ctags made up, imports under another name, and local variables.
 */
export function definitionsAmong(tags: readonly Tag[]): Tag[] {
  const seen = new Set<string>();
  return tags.filter((tag) => {
    const { kind, name, language, scope = '', scopeKind = '' } = tag;
    // A method of Python is a `member`, which in other languages is a field.
    if (!(kinds.has(kind) || (kind === 'member' && language === 'Python')) || /^(?:__anon|anonymous|<)/i.test(name))
      return false;
    if (kind === 'alias' && ['PHP', 'Sh', 'Ruby'].includes(language)) return false;
    if (language === 'Python' && kind === 'namespace') return false;
    const inFunction = /function|method|generator|getter|setter|func|constant/i.test(scopeKind);
    if (['constant', 'alias', 'typedef'].includes(kind) && inFunction) return false;
    // Parameters and local variables too are constants there.
    if (kind === 'constant' && ['Kotlin', 'TypeScript', 'JavaScript'].includes(language)) return false;
    if (language === 'Haskell' && kind === 'module') return false;
    // What each file of them opens with, and nobody looks for.
    if (kind === 'package' && ['Go', 'Java', 'Kotlin'].includes(language)) return false;
    const once = `${kind} ${name} ${scope}`;
    if (seen.has(once)) return false;
    seen.add(once);
    return true;
  });
}

/** A name as it may be written in either: whole, or its last part; `operator ()` is `operator()`, Lua's `["key"]` is `key`. */
export const spellings = (given: string): string[] => {
  const name = given.replace(/^operator (?=\W)/, 'operator').replace(/^\[(["'])(.*)\1\]$/, '$2');
  return [name, name.split(/[.:]+/).pop() ?? name, name.split('.').pop()!];
};

/** Whether a name has white space or brackets that names of its language have not. */
export function isStrange(name: string, language: string): boolean {
  // `operator bool`, `operator()`; Ruby's `[]=`; names in back quotes.
  if (/^(?:operator\b|\[\]=?$|[^\w\s()[\]{}]+$)/.test(name)) return false;
  if (/\s/.test(name) && ['Kotlin', 'Groovy', 'Scala'].includes(language)) return false;
  return /[\s()[\]{}<>]/.test(name);
}
