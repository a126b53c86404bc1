import { languageByAlias, languages } from '../model/index.js';
import { head } from './classify.js';

const byExtension = new Map<string, string>();
const byFileName = new Map<string, string>();
const byInterpreter = new Map<string, string>();
for (const { id, extensions, fileNames, interpreters } of languages) {
  for (const extension of extensions) if (!byExtension.has(extension)) byExtension.set(extension, id);
  for (const name of fileNames) byFileName.set(name, id);
  for (const program of interpreters) byInterpreter.set(program, id);
}

/** Language of a file by its name, its extension, or the `#!` line in its first bytes; `text` when nothing tells. */
export function languageOf(path: string, firstBytes?: Uint8Array): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const known = byFileName.get(name) ?? byPrefix(name);
  if (known !== undefined) return known;
  // `x.html.erb` is a template: the last extension decides.
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot + 1);
  if (extension === 'h' && firstBytes !== undefined && looksLikeCpp(head(firstBytes, 8192))) return 'cpp';
  const byName = byExtension.get(extension);
  if (byName !== undefined) return byName;
  return firstBytes === undefined ? 'text' : (languageOfShebang(head(firstBytes, 256)) ?? 'text');
}

/** `Dockerfile.dev`, `Makefile.am`, `tsconfig.json.tmpl` are known by how they begin. */
function byPrefix(name: string): string | undefined {
  if (name.startsWith('dockerfile.')) return 'dockerfile';
  if (name.startsWith('makefile.')) return 'make';
  return undefined;
}

const looksLikeCpp = (text: string): boolean =>
  /^\s*(?:namespace\s+[\w:]+\s*\{|template\s*<|class\s+\w+\s*(?:[:{;]|final\b)|using\s+(?:namespace\s+)?[\w:]+\s*[;=]|(?:public|private|protected):)/m.test(
    text,
  ) ||
  /^#include\s+<[a-z_]+>/m.test(text) ||
  /\bstd::/.test(text);

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
