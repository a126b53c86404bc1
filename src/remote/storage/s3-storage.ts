import { nowMs } from '../../base/index.js';
import { requestOnce } from './http-request.js';
import type { HttpResponse } from './http-request.js';
import { isNoBucket, refusal, readAnswer } from './http-storage.js';
import { remoteInvalid } from '../remote-errors.js';
import { askUntilAnswered } from './requests.js';
import { readS3Settings } from './s3-credentials.js';
import type { S3Settings } from './s3-credentials.js';
import { encodeS3, signS3 } from './sign-s3.js';
import type { CallOptions, ListedObject, ReadOptions, RemoteStorage, StoredObject, WriteCondition } from './storage.js';

/**
 * A remote in a bucket of any S3-compatible server. Needs of it conditional writes (`If-None-Match: *`, `If-Match`), which
 * Amazon has had since 2024, and MinIO, Ceph, R2 and versitygw have too.
 */
export class S3Storage implements RemoteStorage {
  readonly url: string;
  readonly isReadOnly = false;
  private readonly bucketUrl: string;
  private readonly prefix: string;

  constructor(
    bucket: string,
    prefix: string,
    private readonly settings: S3Settings = readS3Settings(),
  ) {
    const { region, endpoint } = settings;
    this.prefix = prefix === '' ? '' : `${prefix}/`;
    this.url = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.bucketUrl =
      endpoint === null
        ? bucket.includes('.')
          ? `https://s3.${region}.amazonaws.com/${bucket}` // a name with dots is none that the certificate covers
          : `https://${bucket}.s3.${region}.amazonaws.com`
        : `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  }

  async read(name: string, options: ReadOptions = {}): Promise<StoredObject | 'unchanged' | null> {
    const { unless, range, sizeBytes = 0 } = options;
    const headers: Record<string, string> = {};
    if (unless !== undefined) headers['if-none-match'] = unless;
    if (range !== undefined) headers['range'] = `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const answer = await this.ask(
      'GET',
      this.urlOf(name),
      { headers },
      { ...options, bytes: range?.length ?? sizeBytes },
    );
    return readAnswer(this.url, answer, range);
  }

  async write(
    name: string,
    bytes: Uint8Array,
    condition: WriteCondition,
    options: CallOptions = {},
  ): Promise<string | null> {
    const headers: Record<string, string> = {};
    if (condition === 'absent') headers['if-none-match'] = '*';
    else if (condition !== 'any') headers['if-match'] = condition.version;
    const answer = await this.ask(
      'PUT',
      this.urlOf(name),
      { headers, body: bytes },
      { ...options, bytes: bytes.length },
    );
    const { status, headers: told, attempts } = answer;
    if (status >= 200 && status < 300) return told.get('etag') ?? '';
    // 409: somebody else is writing it at this moment. 404: what was to be replaced is gone.
    const isGone = status === 404 && typeof condition === 'object' && !isNoBucket(answer);
    const isRefused = status === 412 || status === 409 || isGone;
    if (!isRefused || condition === 'any') throw refusal(this.url, answer);
    // An attempt before this one, whose answer was lost, may have been the one that wrote.
    if (attempts > 1) {
      const now = await this.read(name, options);
      if (now !== null && now !== 'unchanged' && now.bytes.equals(bytes)) return now.version;
    }
    return null;
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncIterable<ListedObject> {
    let token: string | undefined;
    do {
      const wanted = { 'encoding-type': 'url', 'list-type': '2', prefix: this.prefix + prefix };
      // In the order of their names, as they are signed.
      const query = Object.entries({ ...(token === undefined ? {} : { 'continuation-token': token }), ...wanted });
      const asked = query.map(([name, value]) => `${name}=${encodeS3(value)}`).join('&');
      const answer = await this.ask('GET', `${this.bucketUrl}/?${asked}`, {}, options);
      const { status, body } = answer;
      if (status !== 200) throw refusal(this.url, answer);
      const text = body.toString('utf8');
      // Not all do what is asked, nor say what they do: names of versitygw are as they are, and a `+` in them is one; gofakes3 does not tell.
      const isEncoded = elementOf(text, 'EncodingType') === 'url';
      for (const [, contents] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const listed = unescapeXml(elementOf(contents!, 'Key') ?? '');
        const isAsItIs = !isEncoded && listed.startsWith(this.prefix + prefix);
        const key = isAsItIs ? listed : decodeURIComponent(listed.replaceAll('+', ' '));
        const modifiedMs = Date.parse(elementOf(contents!, 'LastModified') ?? '');
        if (!key.startsWith(this.prefix) || Number.isNaN(modifiedMs))
          throw remoteInvalid(this.url, 'it lists objects in a way that is not understood');
        yield {
          name: key.slice(this.prefix.length),
          sizeBytes: Number(elementOf(contents!, 'Size') ?? 0),
          modifiedMs,
        };
      }
      token =
        elementOf(text, 'IsTruncated') === 'true'
          ? unescapeXml(elementOf(text, 'NextContinuationToken') ?? '')
          : undefined;
    } while (token !== undefined && token !== '');
  }

  async remove(name: string, options: CallOptions = {}): Promise<void> {
    const answer = await this.ask('DELETE', this.urlOf(name), {}, options);
    const { status } = answer;
    if (status !== 404 && (status < 200 || status >= 300)) throw refusal(this.url, answer);
  }

  private urlOf(name: string): string {
    const key = this.prefix + name;
    return `${this.bucketUrl}/${key.split('/').map(encodeS3).join('/')}`;
  }

  private ask(
    method: string,
    url: string,
    { headers = {}, body }: { readonly headers?: Record<string, string>; readonly body?: Uint8Array },
    options: CallOptions & { readonly bytes?: number },
  ): Promise<HttpResponse & { readonly attempts: number }> {
    const to = new URL(url);
    const send = (signal: AbortSignal): Promise<HttpResponse> => {
      const signed = signS3({ method, url: to, atMs: nowMs() }, this.settings);
      return requestOnce({ method, url: to, headers: { ...headers, ...signed }, body, signal });
    };
    return askUntilAnswered(this.url, send, options);
  }
}

const elementOf = (xml: string, name: string): string | undefined => {
  const start = xml.indexOf(`<${name}>`);
  const end = start < 0 ? -1 : xml.indexOf(`</${name}>`, start);
  return end < 0 ? undefined : xml.slice(start + name.length + 2, end);
};

const unescapeXml = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
