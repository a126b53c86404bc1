import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the next request is answered instead, or null to serve it. */
export type Fault = (request: IncomingMessage) => { status: number; drop?: boolean } | null;

/** An S3 server in this process, with faults on demand: what of the protocol a remote uses, and nothing else. */
export class S3Double {
  readonly objects = new Map<string, { bytes: Buffer; etag: string; modifiedMs: number }>();
  fault: Fault = () => null;
  /** Applied, but the answer is lost. */
  losesAnswer: (request: IncomingMessage) => boolean = () => false;
  requests = 0;
  bytesIn = 0;
  bytesOut = 0;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.requests++;
        const body = Buffer.concat(chunks);
        this.bytesIn += body.length;
        const fault = this.fault(request);
        if (fault?.drop === true) return request.socket.destroy();
        if (fault !== null) return response.writeHead(fault.status).end('<Error><Code>SlowDown</Code></Error>');
        const answer = this.answer(request, body);
        if (this.losesAnswer(request)) return request.socket.destroy();
        this.bytesOut += answer.body.length;
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  }

  static async start(): Promise<S3Double> {
    const double = new S3Double();
    await new Promise<void>((resolve) => double.server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(
    request: IncomingMessage,
    body: Buffer,
  ): { status: number; headers?: Record<string, string>; body: Buffer | string } {
    const url = new URL(request.url!, 'http://host');
    if (!isSigned(request, body)) return { status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' };
    const key = decodeURIComponent(url.pathname.slice(1)).replace(/^[^/]+\//, '');
    const found = this.objects.get(key);
    if (request.method === 'GET' && url.searchParams.has('list-type')) return this.list(url.searchParams);
    if (request.method === 'GET') {
      if (found === undefined) return { status: 404, body: '' };
      const headers = { etag: found.etag };
      if (request.headers['if-none-match'] === found.etag) return { status: 304, headers, body: '' };
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      if (from === undefined) return { status: 200, headers, body: found.bytes };
      if (Number(from) >= found.bytes.length) return { status: 416, headers, body: '' };
      return { status: 206, headers, body: found.bytes.subarray(Number(from), Number(to) + 1) };
    }
    if (request.method === 'DELETE') {
      this.objects.delete(key);
      return { status: 204, body: '' };
    }
    if (request.method !== 'PUT') return { status: 405, body: '' };
    if (request.headers['if-none-match'] === '*' && found !== undefined) return { status: 412, body: '' };
    const match = request.headers['if-match'];
    if (match !== undefined && found?.etag !== match) return { status: found === undefined ? 404 : 412, body: '' };
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    this.objects.set(key, { bytes: body, etag, modifiedMs: Date.now() });
    return { status: 200, headers: { etag }, body: '' };
  }

  private list(query: URLSearchParams): { status: number; body: string } {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const page = keys.slice(0, 2);
    const contents = page.map((key) => {
      const { bytes, modifiedMs } = this.objects.get(key)!;
      const modified = new Date(modifiedMs).toISOString();
      return `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>${modified}</LastModified><Size>${bytes.length}</Size></Contents>`;
    });
    const isTruncated = keys.length > page.length;
    const more = isTruncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    return {
      status: 200,
      body: `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`,
    };
  }
}

/** Keys and their secrets. */
const secrets: Readonly<Record<string, string>> = { test: 'secret', a: 'b' };
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Whether all of a request is signed by who has the secret: version 4 of Amazon's signatures, made anew from their description. */
function isSigned({ method, url, headers }: IncomingMessage, body: Buffer): boolean {
  const [, credential = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [key = '', ...scope] = credential.split('/');
  const secret = secrets[key];
  const bodyHash = String(headers['x-amz-content-sha256']);
  if (secret === undefined || (bodyHash !== 'UNSIGNED-PAYLOAD' && bodyHash !== sha256(body))) return false;
  if (!names.split(';').includes('host')) return false;
  const [sent = '', query = ''] = url!.split('?');
  const path = decodeURIComponent(sent).split('/').map(encode).join('/');
  const parameters = [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`);
  const canonical = [method, path, parameters.join('&'), ...signed, '', names, bodyHash].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'), sha256(canonical)].join('\n');
  let derived: Buffer | string = `AWS4${secret}`;
  for (const part of scope) derived = createHmac('sha256', derived).update(part).digest();
  return createHmac('sha256', derived).update(toSign).digest('hex') === signature;
}
