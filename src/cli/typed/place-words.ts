import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderPrefix, isList, isView, placesIn } from '../../model/index.js';
import type { Where } from '../../model/index.js';

/**
 * A place as a user types it: a folder, which counts from `cwd`; else a name, with `*` or not, or `view:NAME`. What has `@REV` behind it, and
 * is no folder with it, is a view of one.
 */
export function placeFrom(text: string, cwd: string): Where {
  if (text.startsWith('file:///')) return fileURLToPath(text);
  if (text.startsWith(folderPrefix)) return folderPrefix + resolve(cwd, text.slice(folderPrefix.length));
  const home = /^~(?=$|[\\/])/;
  const typed = home.test(text) ? join(homedir(), text.replace(home, '')) : text;
  const path = resolve(cwd, typed);
  if (existsSync(path) || isList(typed)) return isList(typed) ? typed : path;
  if (isView(typed)) return typed;
  const place = typed === '' || /^\.|[\\/]/.test(typed.split('@')[0]!) ? path : typed;
  return hasRev(typed) ? JSON.stringify([place]) : place;
}

const hasRev = (text: string): boolean => /^.+@.+$/s.test(text);

/** The places that a place is: those of a list. */
export function rootsIn(where: Where): readonly string[] {
  const places = placesIn(where);
  return places.length > 0 ? places : [where]; // whoever looks there tells what is wrong
}
