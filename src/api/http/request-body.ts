import type { IncomingMessage } from 'node:http';
import { CoppiceError, messageOf } from '../../base/index.js';

/**
 * Reads a request's body as JSON; no body is `{}`. `take` is told of bytes before they are held, and may refuse them. USAGE,
 * CONTENT_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE, ABORTED.
 */
export async function readJsonBody(
  request: IncomingMessage,
  bytesMax: number,
  take: (bytes: number) => void,
): Promise<unknown> {
  const type = request.headers['content-type'];
  if (type !== undefined && !/^application\/json *(;|$)/i.test(type)) {
    throw new CoppiceError('CONTENT_TYPE_UNSUPPORTED', `the content type ${JSON.stringify(type)} is not understood`, {
      hint: 'send application/json',
    });
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      take(part.length);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof CoppiceError) throw error;
    throw new CoppiceError('ABORTED', 'the client went away while it was sending', { cause: error });
  }
  if (bytes === 0) return {};
  // Without a content type, a form of a foreign page could be the sender.
  if (type === undefined) {
    throw new CoppiceError('CONTENT_TYPE_UNSUPPORTED', 'the content type is missing', {
      hint: 'send application/json',
    });
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    const reason = messageOf(error);
    throw new CoppiceError('USAGE', `the body is not JSON: ${reason}`, { hint: 'send one JSON object' });
  }
}

function tooLarge(bytesMax: number): CoppiceError {
  return new CoppiceError('REQUEST_TOO_LARGE', `a request has at most ${bytesMax} bytes`, {
    hint: 'apply large changes in several steps, or commit them and apply the commit',
  });
}
