import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

import { CoppiceError } from '../base/index.js';
import { remoteInvalid } from './remote-errors.js';

/**
 * What a remote holds, besides packs (see `src/pack/pack-format.ts`):
 *
 *     coppice-remote          format and the repositories: JSON. Changes when a repository is published for the first time
 *     heads/<hash>            of a repository: what is published, and where. The one name that moves; its hash is of the identity
 *     tables/<hash>           commits that were published before: what a head would be too long with
 *     objects/<hash>          git's commit objects of a table, for those who have no clone
 *     packs/<hash>            packs
 *
 * A head names tables, objects and packs by their SHA-256 (large packs by that of the hashes of their blocks), so that who trusts the head (its signature, or those who may write
 * there) trusts all of it. Heads and tables are gzipped JSON. History of the format version:
 *   1: the first.
 *   2: small packs are stored deflated.
 *   3: large packs are stored by blocks, and named by the hashes of these. What has an older format is read, and becomes 3 with the next push.
 */
export const remoteFormatVersion = 3;
const readFormats: readonly unknown[] = [1, 2, remoteFormatVersion];
export const remoteInfoName = 'coppice-remote';

export interface RemoteInfo {
  readonly format: number;
  readonly repositories: readonly { readonly id: string; readonly name: string }[];
}

/** A pack, in the order of publishing: what a pack imports is in packs with lower sequences. */
export interface PackRef {
  readonly name: string;
  readonly bytes: number;
  /** Those of the pushes that it holds, both inclusive. */
  readonly from: number;
  readonly to: number;
  readonly docs: number;
  /** Of commits that are no tip: who wants a tip looks elsewhere first. */
  readonly history: boolean;
  readonly text: boolean;
  readonly rules: string;
}

/** A commit whose tree is published: `[oid, tree, sequence, recorded]`; all of it is in packs up to that sequence. */
export type CommitRow = readonly [oid: string, tree: string, sequence: number, recorded: 0 | 1];

/** What one push made known, or several. */
export interface Publication {
  readonly rules: string;
  readonly commits: readonly CommitRow[];
  /** Full names of refs (`refs/heads/main`) and `HEAD` (the name of a ref), in the order of pushes. Null: gone. */
  readonly refs: Readonly<Record<string, string | null>>;
}

export interface RecentPublication extends Publication {
  /** Tells its own push that it came through. */
  readonly nonce: string;
  /** Commit objects, deflated and in base64: see `objects`. */
  readonly objects: string;
}

export interface TableRef {
  readonly name: string;
  readonly bytes: number;
  /** Null once nobody has them. */
  readonly objects: string | null;
  readonly commits: number;
}

export interface HeadBody {
  readonly repository: string;
  readonly name: string;
  /** Grows with every change. */
  readonly version: number;
  readonly nextSequence: number;
  readonly tables: readonly TableRef[];
  readonly recent: readonly RecentPublication[];
  readonly packs: readonly PackRef[];
}

export const emptyHead = (repository: string, name: string): HeadBody => ({
  repository,
  name,
  version: 0,
  nextSequence: 1,
  tables: [],
  recent: [],
  packs: [],
});

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
export const headName = (repository: string): string => `heads/${sha256(`head\0${repository}`)}`;

interface SignedHead {
  readonly format: number;
  readonly body: string;
  readonly signature?: { readonly key: string; readonly value: string };
}

/** A private key of ed25519 in PEM, as `openssl genpkey -algorithm ed25519` makes it. CONFIG_INVALID. */
export function readSigningKey(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // told below
  }
  throw new CoppiceError('CONFIG_INVALID', `${path} is no private key of ed25519 in PEM`, {
    hint: 'make one with `openssl genpkey -algorithm ed25519 -out KEY`',
  });
}

/** The public half, as `"trust"` lists it. */
const publicKeyText = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');

/** A key of `"trust"`: base64 of the public key (SPKI), or PEM. CONFIG_INVALID. */
export function readTrustedKey(text: string): KeyObject {
  try {
    const key = text.includes('BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // told below
  }
  throw new CoppiceError('CONFIG_INVALID', `"trust" holds what is no public key of ed25519: ${text.slice(0, 80)}`, {
    hint: '`openssl pkey -in KEY -pubout` prints the key to list there',
  });
}

export function encodeHead(body: HeadBody, key: KeyObject | null): Buffer {
  const text = JSON.stringify(body);
  const signed: SignedHead = {
    format: remoteFormatVersion,
    body: text,
    ...(key === null
      ? {}
      : { signature: { key: publicKeyText(key), value: sign(null, Buffer.from(text), key).toString('base64') } }),
  };
  return gzipSync(JSON.stringify(signed));
}

/** REMOTE_INVALID, REMOTE_VERSION; REMOTE_UNTRUSTED when none of the trusted keys has signed it (null: whoever may write is trusted). */
export function decodeHead(
  url: string,
  repository: string,
  bytes: Buffer,
  trust: readonly KeyObject[] | null,
): { readonly body: HeadBody; readonly isSigned: boolean } {
  const signed = parseJson(url, bytes, 'its head') as SignedHead;
  checkFormat(url, signed.format);
  if (trust !== null) {
    const { signature } = signed;
    const text = Buffer.from(String(signed.body));
    const value = Buffer.from(signature?.value ?? '', 'base64');
    if (signature === undefined || !trust.some((key) => verify(null, text, key, value))) {
      throw new CoppiceError('REMOTE_UNTRUSTED', `${url}: its head is not signed by a key that "trust" lists`, {
        hint: 'nothing was taken; add the key of who publishes to "trust" in config.json, or publish with --sign',
      });
    }
  }
  let body: HeadBody;
  try {
    body = JSON.parse(signed.body) as HeadBody;
  } catch {
    throw remoteInvalid(url, 'its head cannot be read');
  }
  const isSound =
    isObject(body) &&
    body.repository === repository &&
    Number.isSafeInteger(body.version) &&
    [body.tables, body.recent, body.packs].every((list) => Array.isArray(list) && list.every(isObject)) &&
    // Names become paths.
    body.tables.every(({ name, objects }) => isHash(name) && (objects === null || isHash(objects))) &&
    body.packs.every(
      ({ name, from, to }, i) =>
        isHash(name) && from <= to && (i === 0 || body.packs[i - 1]!.to < from) && to < body.nextSequence,
    );
  if (!isSound) throw remoteInvalid(url, 'its head is of another repository, or not in order');
  return { body, isSigned: signed.signature !== undefined };
}

const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

export const encodeJson = (value: unknown): Buffer => gzipSync(JSON.stringify(value));

export function parseJson(url: string, bytes: Buffer, what: string): unknown {
  try {
    const value: unknown = JSON.parse(gunzipSync(bytes, { maxOutputLength: 2 ** 30 }).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // told below
  }
  throw remoteInvalid(url, `${what} cannot be read`);
}

export function checkFormat(url: string, format: unknown): void {
  if (readFormats.includes(format)) return;
  throw new CoppiceError(
    'REMOTE_VERSION',
    `${url} has format ${JSON.stringify(format) ?? 'none'}, and this Coppice reads format ${remoteFormatVersion}`,
    { hint: 'use the same version of Coppice everywhere, or publish to a remote of its own' },
  );
}
