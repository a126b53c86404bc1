import { CoppiceError } from '../../base/index.js';
import { remoteReadOnly, remoteUnreachable } from '../remote-errors.js';
import type { HttpResponse } from './http-request.js';
import { askUntilAnswered, errorCodeOf, readWhole } from './requests.js';
import type { ListedObject, ReadOptions, RemoteStorage, StoredObject } from './storage.js';

/** A remote behind a web server: the folder of a `file:` remote, served as it is. Only read. */
export class HttpStorage implements RemoteStorage {
  readonly url: string;
  readonly isReadOnly = true;
  private readonly base: string;
  private readonly authorization: string | null;

  constructor(url: URL) {
    this.authorization =
      url.username === ''
        ? null
        : `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`;
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    bare.hash = '';
    bare.search = '';
    this.url = bare.href.replace(/\/+$/, '');
    this.base = `${this.url}/`;
  }

  async read(name: string, options: ReadOptions = {}): Promise<StoredObject | 'unchanged' | null> {
    const { unless, range, sizeBytes = 0 } = options;
    const headers = new Headers();
    if (this.authorization !== null) headers.set('authorization', this.authorization);
    if (unless !== undefined) headers.set('if-none-match', unless);
    if (range !== undefined) headers.set('range', `bytes=${range.offset}-${range.offset + range.length - 1}`);
    const send = async (signal: AbortSignal): Promise<HttpResponse> =>
      readWhole(await fetch(this.base + name, { headers, signal }));
    const answer = await askUntilAnswered(this.url, send, { ...options, bytes: range?.length ?? sizeBytes });
    return readAnswer(this.url, answer, range);
  }

  write(): Promise<never> {
    return Promise.reject(remoteReadOnly(this.url));
  }

  async *list(): AsyncIterable<ListedObject> {
    await Promise.reject(remoteReadOnly(this.url));
  }

  remove(): Promise<never> {
    return Promise.reject(remoteReadOnly(this.url));
  }
}

/** The object that a GET was answered with. */
export function readAnswer(
  url: string,
  answer: HttpResponse,
  range: ReadOptions['range'],
): StoredObject | 'unchanged' | null {
  const { status, headers, body } = answer;
  if (status === 304) return 'unchanged';
  // Of a bucket that is not there it is not said that nothing is published.
  if ((status === 404 && !isNoBucket(answer)) || status === 410) return null;
  const version = headers.get('etag') ?? '';
  if (status === 416) return { bytes: Buffer.alloc(0), version }; // the range begins behind the end
  if (status === 206) return { bytes: body, version };
  // A server need not know ranges.
  if (status === 200) return { bytes: range === undefined ? body : body.subarray(range.offset), version };
  throw refusal(url, answer);
}

export const isNoBucket = (answer: HttpResponse): boolean => errorCodeOf(answer) === 'NoSuchBucket';

/** Codes of those who ask in the wrong place. */
const elsewhere = new Set(['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed']);

/** What an answer that is none means. REMOTE_REFUSED where it is a matter of who asks, REMOTE_NOT_FOUND of a bucket that is not there. */
export function refusal(url: string, answer: HttpResponse): CoppiceError {
  const { status, headers } = answer;
  const code = errorCodeOf(answer);
  const what = code === undefined ? `it answers ${status}` : `it answers ${status} ${code}`;
  if (isNoBucket(answer)) {
    return new CoppiceError('REMOTE_NOT_FOUND', `${url}: there is no bucket of that name`, {
      hint: 'check the name, the endpoint (AWS_ENDPOINT_URL) and the region; buckets are made with the tools of their server',
      data: { status },
    });
  }
  if ((status >= 300 && status < 400) || (code !== undefined && elsewhere.has(code))) {
    const region = headers.get('x-amz-bucket-region');
    const where = region === null ? 'AWS_REGION' : `AWS_REGION=${region}`;
    return new CoppiceError('REMOTE_REFUSED', `${url}: ${what}: it is to be asked elsewhere`, {
      hint: `the bucket is in another region, or behind another endpoint: set ${where}, or AWS_ENDPOINT_URL`,
      data: { status },
    });
  }
  if (status === 401 || status === 403) {
    return new CoppiceError('REMOTE_REFUSED', `${url}: ${what}`, {
      hint: 'check the credentials and what they may do there',
      data: { status },
    });
  }
  return remoteUnreachable(url, new Error(what));
}
