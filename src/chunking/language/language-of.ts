import { languageByAlias, languages } from '../../model/index.js';
import { head } from '../classify.js';
import { dialectOf, dialectsOfExtension } from './dialects.js';
import { languageOfModeline } from './modeline.js';

const byExtension = new Map<string, string>();
const byFileName = new Map<string, string>();
const byInterpreter = new Map<string, string>();
for (const { id, extensions, fileNames, interpreters } of languages) {
  for (const extension of extensions) if (!byExtension.has(extension)) byExtension.set(extension, id);
  for (const name of fileNames) byFileName.set(name, id);
  for (const program of interpreters) byInterpreter.set(program, id);
}

/** What is known of a file's language before it is read. */
export interface PathLanguage {
  /** Its language, unless its content says otherwise; `text` when the path tells nothing. */
  readonly language: string;
  /** The extension, when several languages use it: then the content decides. Otherwise empty. */
  readonly ambiguous: string;
}

/**
 * Language of a file by its name, its extension and the names of its neighbours in the same folder (see
 * `neighbourhoodOf`).
 */
export function languageOfPath(path: string, neighbourhood: Neighbourhood = ''): PathLanguage {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const known = byFileName.get(name);
  if (known !== undefined) return { language: known, ambiguous: '' };
  let stem = name;
  // `config.h.in` is a header, but `x.html.erb` is a template: most last extensions decide.
  for (let suffix = suffixes.exec(stem); suffix !== null; suffix = suffixes.exec(stem))
    stem = stem.slice(0, suffix.index);
  const fileName = stem === name ? undefined : byFileName.get(stem);
  if (fileName !== undefined) return { language: fileName, ambiguous: '' };
  const dot = stem.lastIndexOf('.');
  const extension = dot < 0 ? '' : stem.slice(dot + 1);
  const byName = byExtension.get(extension);
  const ambiguous = dialectsOfExtension.has(extension);
  if (byName !== undefined && !ambiguous) return { language: byName, ambiguous: '' };
  // `Dockerfile.dev`, `Makefile.inc`: but `Makefile.PL` is Perl.
  const prefix = byName === undefined ? /^(\w+)[.-]/.exec(name)?.[1] : undefined;
  const byPrefix = prefix === undefined || !prefixed.has(prefix) ? undefined : byFileName.get(prefix);
  if (byPrefix !== undefined) return { language: byPrefix, ambiguous: '' };
  if (!ambiguous) return { language: 'text', ambiguous: '' };
  const language = extension === 'h' && neighbourhood !== '' ? neighbourhood : (byName ?? 'text');
  return { language, ambiguous: extension };
}

/** Endings that say nothing of a language: what is before them does. */
const suffixes = /\.(?:in|tmpl|template|example|sample|dist|orig|bak)$/;
const prefixed = new Set(
  'dockerfile containerfile makefile gnumakefile jenkinsfile vagrantfile gemfile rakefile'.split(' '),
);

/** Language of a file by what its path tells and its content; depends on nothing else. */
export function languageOfContent({ language, ambiguous }: PathLanguage, content: Uint8Array): string {
  if (ambiguous !== '') return dialectOf(ambiguous, language, content);
  if (language !== 'text') return language;
  return languageOfShebang(head(content, 256)) ?? languageOfModeline(content) ?? 'text';
}

/** Language of a file by its name, its extension or, where they do not decide, its content; `text` when nothing tells. */
export function languageOf(path: string, content?: Uint8Array): string {
  const byPath = languageOfPath(path);
  return content === undefined ? byPath.language : languageOfContent(byPath, content);
}

/** What a folder's headers are when their content does not tell; empty: C. */
export type Neighbourhood = '' | 'cpp' | 'objc';

const neighbour = /\.(?:(c)|(cc|cpp|cxx|c\+\+|hh|hpp|hxx|h\+\+|ipp|tpp|inl|cu|cuh)|(m|mm))$/i;

/** What the names in a folder tell about the headers in it: a folder of `.cc` has headers of C++. */
export function neighbourhoodOf(entries: readonly { readonly name: string }[]): Neighbourhood {
  let neighbourhood: Neighbourhood = '';
  for (const { name } of entries) {
    const found = neighbour.exec(name);
    if (found === null) continue;
    if (found[1] !== undefined) return '';
    if (found[2] !== undefined) neighbourhood = 'cpp';
    else if (neighbourhood === '') neighbourhood = 'objc';
  }
  return neighbourhood;
}

/** Whether a file's language may change with its neighbours. */
export const dependsOnNeighbours = (name: string): boolean => /\.h(?:\.\w+)?$/i.test(name);

function languageOfShebang(text: string): string | undefined {
  const line = /^#!\s*(\S+)([^\n]*)/.exec(text);
  if (line === null) return undefined;
  let program = line[1]!.slice(line[1]!.lastIndexOf('/') + 1);
  // `#!/usr/bin/env -S VAR=1 node --flag`: the first word that is neither an option nor an assignment.
  if (program === 'env') program = line[2]!.split(/\s+/).find((word) => /^[^-=][^=]*$/.test(word)) ?? '';
  program = program.slice(program.lastIndexOf('/') + 1).toLowerCase();
  const plain = program.replace(/[\d.]+$/, '');
  return byInterpreter.get(program) ?? byInterpreter.get(plain) ?? languageByAlias(plain);
}
