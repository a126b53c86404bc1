import { readFileSync, statSync } from 'node:fs';
import { CoppiceError, nowMs, messageOf } from '../base/index.js';
import { parseUsers, type Users, type Visitor } from '../api/index.js';
import { compileWild } from '../pattern/index.js';

/** The users of a file, which is read again when it has changed: tokens are rotated without a restart. */
export type UsersFile = Users;

/**
 * Reads users from a file, or from `text` where that is given (an environment variable's). CONFIG_INVALID now; later a file that cannot be
 * read leaves the users as they were, and says so.
 */
export function readUsers(path: string | null, text: string | undefined, log: (message: string) => void): UsersFile {
  if (path === null) {
    const users = parseUsers(text ?? '', 'COPPICE_USERS', compileWild);
    return { find: (token) => users.find(token), audit: (line) => log(auditText(line)) };
  }
  let stamp = stampOf(path);
  let users = parseUsers(read(path), path, compileWild);
  const find = (token: string): Visitor | null => {
    const now = stampOf(path);
    if (now !== stamp) {
      stamp = now;
      try {
        users = parseUsers(read(path), path, compileWild);
        log(`users are read again from ${path}`);
      } catch (error) {
        log(`users stay as they were: ${messageOf(error)}`);
      }
    }
    return users.find(token);
  };
  return { find, audit: (line) => log(auditText(line)) };
}

const auditText = (line: object): string => `audit ${JSON.stringify({ at: new Date(nowMs()).toISOString(), ...line })}`;

function stampOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.mtimeNs} ${stats.size} ${stats.ino}`;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CoppiceError('CONFIG_INVALID', `${path} cannot be read`, {
      hint: 'it lists who may ask: see coppice help remotes',
      cause: error,
    });
  }
}
