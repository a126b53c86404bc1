import { createHash, createHmac } from 'node:crypto';

import type { S3Settings } from './s3-credentials.js';

/** A request as it is signed: its address, and the moment in milliseconds since 1970. */
export interface SignedRequest {
  readonly method: string;
  /** The bytes of its path and query are those that are sent: encoded by `encodeS3`, the query in order of its names. */
  readonly url: URL;
  readonly atMs: number;
}

const unsigned = 'UNSIGNED-PAYLOAD';

/**
 * The headers that sign a request for S3: AWS Signature, version 4, of the address, the moment and the session; not of the body, whose length is
 * told, and whose name is a hash of it where that matters. By `node:crypto` at once: loading WebCrypto and `fetch` takes a command longer than
 * all that it sends.
 */
export function signS3(
  { method, url, atMs }: SignedRequest,
  { accessKeyId, secretAccessKey, sessionToken, region }: S3Settings,
): Record<string, string> {
  const moment = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = moment.slice(0, 8);
  const signed: Record<string, string> = {
    host: url.host,
    'x-amz-content-sha256': unsigned,
    'x-amz-date': moment,
    ...(sessionToken === null ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(signed).join(';');
  const headers = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, url.pathname, url.search.slice(1), headers.join(''), names, unsigned].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  let key: string | Buffer = `AWS4${secretAccessKey}`;
  for (const part of [day, region, 's3', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(`AWS4-HMAC-SHA256\n${moment}\n${scope}\n${digest}`).digest('hex');
  const { host: _, ...sent } = signed;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** A part of a path, or of a query, as S3 wants it signed: all but letters, digits and `-._~` as `%XX`. */
export const encodeS3 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
