import { CoppiceError, decodeBytes } from '../base/index.js';
import { asOid, type Oid } from '../model/index.js';

export interface Commit {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  /** `Name <mail>`. */
  readonly author: string;
  /** Seconds since 1970. */
  readonly authorTime: number;
  readonly committerTime: number;
  /** First line of the message. */
  readonly subject: string;
}

/** Reads a raw commit object. */
export function decodeCommit(oid: Oid, raw: Uint8Array): Commit {
  const text = decodeBytes(raw);
  const headerEnd = text.indexOf('\n\n');
  const header = headerEnd < 0 ? text : text.slice(0, headerEnd);
  let tree = '';
  let author = '';
  let authorTime = 0;
  let committerTime = 0;
  const parents: Oid[] = [];
  for (const line of header.split('\n')) {
    if (line.startsWith('tree ')) tree ||= line.slice(5);
    else if (line.startsWith('parent ')) parents.push(asOid(line.slice(7)));
    else if (line.startsWith('author ')) ({ person: author, time: authorTime } = splitSignature(line.slice(7)));
    else if (line.startsWith('committer ')) committerTime = splitSignature(line.slice(10)).time;
  }
  if (!/^[0-9a-f]{40,64}$/.test(tree)) throw new CoppiceError('GIT_FAILED', `malformed commit object ${oid}`);
  const message = headerEnd < 0 ? '' : text.slice(headerEnd + 2).replace(/^\n+/, '');
  const lineEnd = message.indexOf('\n');
  const subject = lineEnd < 0 ? message : message.slice(0, lineEnd);
  return { oid, tree: asOid(tree), parents, author, authorTime, committerTime, subject };
}

/** `Name <mail> seconds zone`, of which broken histories may lack the end. */
function splitSignature(signature: string): { person: string; time: number } {
  const close = signature.lastIndexOf('>');
  const time = Number.parseInt(signature.slice(close + 1), 10);
  return { person: signature.slice(0, close + 1), time: Number.isSafeInteger(time) ? time : 0 };
}
