import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { CoppiceError } from '../../base/index.js';
import { asOid, type Oid } from '../../model/index.js';

export interface Commit {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  /** `Name <mail>`. */
  readonly author: string;
  /** Seconds since 1970. */
  readonly authorTime: number;
  /** Likewise, and 0 before 1970 and where there is no date. */
  readonly committerTime: number;
  /** First line of the message. */
  readonly subject: string;
}

/** Reads a raw commit object. What people wrote is text, in whatever encoding: see `textDecoder`. */
export function decodeCommit(oid: Oid, raw: Uint8Array): Commit {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = bytes.indexOf('\n\n');
  // One character for each byte, until it is known what they mean.
  const header = bytes.toString('latin1', 0, end < 0 ? bytes.length : end).split('\n');
  const valueOf = (key: string): string | undefined =>
    header.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
  const tree = valueOf('tree') ?? '';
  if (!/^[0-9a-f]{40,64}$/.test(tree)) throw new CoppiceError('GIT_FAILED', `malformed commit object ${oid}`);
  const parents = header.flatMap((line) => /^parent ([0-9a-f]{40,64})$/.exec(line)?.[1] ?? []);
  const decode = textDecoder(valueOf('encoding'));
  const author = splitSignature(valueOf('author') ?? '');
  const committer = splitSignature(valueOf('committer') ?? '');
  const message = end < 0 ? '' : bytes.toString('latin1', end + 2).replace(/^\n+/, '');
  const lineEnd = message.indexOf('\n');
  return {
    oid,
    tree: asOid(tree),
    parents: parents.map(asOid),
    author: decode(author.person),
    authorTime: author.time,
    committerTime: Math.max(0, committer.time),
    subject: decode(lineEnd < 0 ? message : message.slice(0, lineEnd)),
  };
}

/**
 * `Name <mail> seconds zone`, of which broken histories may lack any part. The date is what git takes for one, and where git takes nothing for
 * one, the first number after the mail, or the number before the zone at the end.
 */
function splitSignature(signature: string): { person: string; time: number } {
  const close = signature.lastIndexOf('>');
  const date =
    close < 0 ? /\s(-?\d+)(?:\s+[+-]*\d*)?\s*$/.exec(signature) : /^\s*(-?\d+)/.exec(signature.slice(close + 1));
  const time = Number(date?.[1] ?? 0);
  const person = close < 0 ? signature.slice(0, date?.index ?? signature.length) : signature.slice(0, close + 1);
  return { person, time: Number.isSafeInteger(time) ? time : 0 };
}

/**
 * How the bytes of a commit are read: as its `encoding` says, if that is one; else as UTF-8, and where they are none, as Latin 1, which was usual
 * before.
 */
function textDecoder(encoding: string | undefined): (latin1: string) => string {
  let named: TextDecoder | null = null;
  try {
    if (encoding !== undefined) named = new TextDecoder(encoding);
  } catch {
    // nobody knows that one
  }
  return (latin1) => {
    const bytes = Buffer.from(latin1, 'latin1');
    return named?.decode(bytes) ?? (isUtf8(bytes) ? bytes.toString('utf8') : oldDecoder.decode(bytes));
  };
}

const oldDecoder = new TextDecoder('latin1');
