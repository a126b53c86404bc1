import aws4 from 'aws4';

import type { S3Settings } from './s3-credentials.js';

/** A request as it is signed: its address, and the moment in milliseconds since 1970. */
export interface SignedRequest {
  readonly method: string;
  /** The bytes of its path and query are those that are sent: encoded by `encodeS3`, the query in order of its names. */
  readonly url: URL;
  readonly atMs: number;
}

/**
 * The headers that sign a request for S3: AWS Signature, version 4, of the address, the moment and the session; not of the body, whose length is
 * told, and whose name is a hash of it where that matters. At once, by `node:crypto`: loading WebCrypto and `fetch` takes a command longer than
 * all that it sends.
 */
export function signS3(
  { method, url, atMs }: SignedRequest,
  { accessKeyId, secretAccessKey, sessionToken, region }: S3Settings,
): Record<string, string> {
  const { headers } = aws4.sign(
    {
      service: 's3',
      region,
      method,
      host: url.host,
      path: url.pathname + url.search,
      headers: {
        'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
        'X-Amz-Date': new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, ''),
      },
    },
    { accessKeyId, secretAccessKey, ...(sessionToken !== null && { sessionToken }) },
  );
  const { Host: _, ...sent } = headers as Record<string, string>;
  return Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A part of a path, or of a query, as S3 wants it signed: all but letters, digits and `-._~` as `%XX`. */
export const encodeS3 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
