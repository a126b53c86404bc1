import { languageByAlias } from '../../model/index.js';
import { head } from '../classify.js';

/** Names of editors' modes that are no names of ours. */
const modes: Readonly<Record<string, string>> = {
  'shell-script': 'bash', 'emacs-lisp': 'lisp', 'lisp-interaction': 'lisp', cperl: 'perl', 'js2': 'javascript', 'caml': 'ocaml', 'tuareg': 'ocaml',
  'makefile-gmake': 'make', 'conf-unix': 'ini', 'dosini': 'ini', 'plsql': 'sql', 'nroff': 'text', 'fundamental': 'text', 'nxml': 'xml', 'sgml': 'xml',
}; // prettier-ignore

/** The language that Emacs' or Vim's line in the first or last lines of a text names, if we know it. */
export function languageOfModeline(content: Uint8Array): string | undefined {
  const first = head(content, 1024).split('\n', 6);
  const last = head(content.subarray(Math.max(0, content.length - 512)), 512)
    .split('\n')
    .slice(-6);
  for (const line of [...first.slice(0, 5), ...last]) {
    const emacs = /-\*-\s*(?:(?:.*[;\s])?mode:\s*([\w+#-]+)|([\w+#-]+)(?=\s*-\*-)).*-\*-/i.exec(line);
    const vim = /(?:^|\s)(?:vim?|ex):\s*(?:.*[\s:])?(?:ft|filetype|syntax)=([\w+#-]+)/i.exec(line);
    const name = (emacs?.[1] ?? emacs?.[2] ?? vim?.[1])?.toLowerCase();
    const language = name === undefined ? undefined : (modes[name] ?? languageByAlias(name));
    if (language !== undefined) return language;
  }
  return undefined;
}
