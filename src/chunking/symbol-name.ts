/** A name as people would type it: no quotes, no white space runs, not endless. */
export function cleanName(raw: string, sigil?: string): string {
  let name = raw.trim();
  const quote = name[0];
  if (name.length > 1 && (quote === '"' || quote === "'" || quote === '`') && name.endsWith(quote)) {
    name = name.slice(1, -1);
  }
  if (sigil !== undefined && name.startsWith(sigil)) name = name.slice(sigil.length);
  if (/\s/.test(name)) name = name.replace(/\s+/g, ' ').trim();
  // A test's title may be a page, and so may what was misread; an identifier is whole.
  const max = /\s/.test(name) ? 120 : 400;
  return name.length > max ? name.slice(0, max) : name;
}

/** Parts of a dotted name that name no owner. */
const noOwner = new Set(['exports', 'module', 'prototype', 'this', 'self', 'window', 'globalThis', 'global', '']);

/**
 * `A::b` is `b` in `A`; `Foo.prototype.bar` is `bar` in `Foo`; `exports.x` is `x`. The separators are the characters
 * of `separators`; template arguments do not count.
 */
export function splitName(raw: string, separators: string): { name: string; scope: string } {
  const parts: string[] = [];
  // What an operator is called holds no owner: `operator<`, `operator std::string`.
  const operator = raw.search(/\boperator\b/);
  let depth = 0;
  let part = '';
  for (const character of operator < 0 ? raw : raw.slice(0, operator)) {
    if (character === '<') depth++;
    else if (character === '>' && depth > 0) depth--;
    else if (depth === 0 && separators.includes(character)) {
      parts.push(part.trim());
      part = '';
      continue;
    } else if (depth === 0) part += character;
  }
  const name = operator < 0 ? part.trim() : raw.slice(operator);
  const scope = parts.filter((owner) => !noOwner.has(owner)).join('.');
  return { name: noOwner.has(name) ? '' : name, scope };
}

const operatorToken = /^operator\s*(?:\(\s*\)|\[\s*\]|(?:new|delete|co_await)\b(?:\s*\[\s*\])?|""\s*\w+|[^\s\w("]+)/;

/** Of C++'s `operator bool() const` and `operator ()` the name: `operator bool`, `operator()`. Any other name as it is. */
export function operatorName(name: string): string {
  if (!/^operator\b/.test(name)) return name;
  const token = operatorToken.exec(name)?.[0] ?? beforeParameters(name);
  const operand = token.slice('operator'.length).trim().replace(/\s+/g, ' ');
  if (/^\w/.test(operand)) return `operator ${operand.replace(/ (?=[*&<>[\]])|(?<=[(<[]) /g, '')}`;
  return `operator${operand.replace(/\s/g, '')}`;
}

/** Of `operator Action<R(A)>() const` what comes before the parameters, which those of a template argument are not. */
function beforeParameters(name: string): string {
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    if (name[i] === '<') depth++;
    else if (name[i] === '>') depth--;
    else if (name[i] === '(' && depth <= 0) return name.slice(0, i);
  }
  return name;
}
