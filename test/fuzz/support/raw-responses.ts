/** A response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  readonly body: string;
  /** It has no body although it tells of one: it answers HEAD. */
  readonly isHead: boolean;
}

/** All responses of a connection that has ended; the last may be cut off. Throws for bytes that are no response. */
export function parseResponses(bytes: Buffer): RawResponse[] {
  const responses: RawResponse[] = [];
  let at = 0;
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd < 0) return responses;
    const [first, ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first!)?.[1] ?? NaN);
    if (Number.isNaN(status)) throw new Error(`no response: ${JSON.stringify(first)}`);
    const headers = new Map(lines.map((line) => [line.split(':')[0]!.toLowerCase(), line.replace(/^[^:]*: */, '')]));
    at = headEnd + 4;
    if (status < 200) continue;
    const isNext = (from: number): boolean =>
      from === bytes.length || bytes.toString('latin1', from, from + 9) === 'HTTP/1.1 ';
    const length = Number(headers.get('content-length') ?? 0);
    let body = '';
    if (headers.get('transfer-encoding') === 'chunked' && !isNext(at)) {
      for (let size = 1; size > 0;) {
        const lineEnd = bytes.indexOf('\r\n', at);
        if (lineEnd < 0) return responses;
        size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
        body += bytes.toString('utf8', lineEnd + 2, lineEnd + 2 + size);
        at = lineEnd + 2 + size + 2;
      }
    } else if (length > 0 && !isNext(at)) {
      body = bytes.toString('utf8', at, at + length);
      at += length;
    }
    responses.push({ status, body, isHead: body === '' && (length > 0 || headers.has('transfer-encoding')) });
  }
  return responses;
}
