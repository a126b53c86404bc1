import type { Agent, AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';

/** What came of a request, its body whole. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: Buffer;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

type Ask = (url: URL, options: RequestOptions, onAnswer: (answer: IncomingMessage) => void) => ClientRequest;

let plain: Promise<Ask> | undefined;
let encrypted: Promise<Ask> | undefined;

/** Connections stay open for the next request, and hold no process up. A company's proxy is asked as `fetch` does: where Node is told to, since 24.5. */
export const agentOptions = (env: NodeJS.ProcessEnv): AgentOptions & { readonly proxyEnv?: NodeJS.ProcessEnv } => ({
  keepAlive: true,
  maxSockets: 16,
  ...(env['NODE_USE_ENV_PROXY'] === '1' && { proxyEnv: env }),
});

const loaded = async (
  scheme: Promise<{ readonly Agent: new (options: AgentOptions) => Agent; readonly request: Ask }>,
): Promise<Ask> => {
  const { Agent, request } = await scheme;
  const agent = new Agent(agentOptions(process.env));
  return (url, options, onAnswer) => request(url, { ...options, agent }, onAnswer);
};

/** What a scheme needs is loaded with its first request. */
const askBy = (protocol: string): Promise<Ask> =>
  protocol === 'https:' ? (encrypted ??= loaded(import('node:https'))) : (plain ??= loaded(import('node:http')));

/** One request, whatever it is answered; where an answer leads elsewhere, nobody follows. Rejects when there is none, or only a part of it. */
export async function requestOnce({ method, url, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
  const ask = await askBy(url.protocol);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? (method === 'PUT' ? 0 : null) : body.length;
    const request = ask(
      url,
      { method, signal, headers: { ...headers, ...(length === null ? {} : { 'content-length': length }) } },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', () => reject(new Error('its answer breaks off')));
        answer.on('end', () => {
          const get = (name: string): string | null => {
            const value = answer.headers[name];
            return Array.isArray(value) ? value.join(', ') : (value ?? null);
          };
          resolve({ status: answer.statusCode!, headers: { get }, body: Buffer.concat(parts) });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
