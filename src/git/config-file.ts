/** Values by `section.key` or `section.subsection.key`; section and key in lower case; the last value wins. */
export type ConfigValues = ReadonlyMap<string, string>;

/**
 * Reads the few settings that git takes from the repository's own file only, without includes: its format
 * (`extensions.*`), `core.bare` and `core.worktree`. Saves a process in every command; anything else is left to git.
 */
export function parseConfigFile(text: string): ConfigValues {
  const values = new Map<string, string>();
  let section = '';
  for (let line of text.replace(/\\\r?\n/g, '').split(/\r?\n/)) {
    const header = /^\s*\[\s*([^\s"\]]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (header) {
      const subsection = header[2]?.replace(/\\(.)/g, '$1');
      section = header[1]!.toLowerCase() + (subsection === undefined ? '' : `.${subsection}`);
      line = line.slice(header[0].length);
    }
    const pair = /^\s*([A-Za-z][\w-]*)\s*(?:=(.*))?$/.exec(line);
    if (pair) values.set(`${section}.${pair[1]!.toLowerCase()}`, pair[2] === undefined ? 'true' : parseValue(pair[2]));
  }
  return values;
}

/** Git's reading of a boolean. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(true|yes|on|[1-9]\d*)$/i.test(value);
}

function parseValue(raw: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };
  let value = '';
  let quoted = false;
  let kept = 0;
  for (let i = 0; i < raw.length; i++) {
    const char = raw[i]!;
    if (char === '"') quoted = !quoted;
    else if (char === '\\') value += escapes[raw[++i] ?? ''] ?? raw[i] ?? '';
    else if (!quoted && (char === '#' || char === ';')) break;
    else if (!quoted && /\s/.test(char)) {
      if (value !== '') value += char;
      continue;
    } else value += char;
    kept = value.length;
  }
  return value.slice(0, kept);
}
