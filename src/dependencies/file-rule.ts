/**
 * Which files of a package are looked into: all but source maps and what is called minified. Both repeat sources in a form that nobody reads; by name, so
 * that other tools can be told the same: `rg -uuu -g '!*.map' -g '!*.min.*'`. (Binary files are found by their content, as everywhere.)
 */
export function isLeftOut(name: string): boolean {
  return name.endsWith('.map') || name.includes('.min.');
}

/** Folders that are no part of a package, wherever they are in it. */
export const isForeignFolder = (name: string): boolean => name.toLowerCase() === '.git';

/** A path of an archive or record that stays inside the folder that it is unpacked to: relative, no `..`, no drive, no other separators. */
export function isInside(path: string): boolean {
  if (path === '' || path.includes('\0') || path.includes('\\') || /^[A-Za-z]:/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
