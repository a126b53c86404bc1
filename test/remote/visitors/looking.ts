import { randomFrom, type Random } from '../../crash/support/random.js';
import { randomRequest, type Asked } from './requests.js';
import { makeSecrets, makeUsers, type Secret, type User, type World } from './world.js';

interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Looked {
  requests: number;
  /** Answers that were compared with those of a server that has nothing else. */
  alone: number;
  refusals: number;
  readonly leaks: string[];
}

/**
 * Asks at random, as random users, and judges each answer by three rules:
 * - no word of a repository that the user may not see is in it, unless the user said it;
 * - of such a repository, it is what it would be if there were none of that name;
 * - of one that the user may see, it is that of a server which has this repository and no other.
 */
export async function lookForLeaks(
  serve: (secrets: readonly Secret[], users: readonly User[]) => Promise<World>,
  {
    repositories,
    users: userCount,
    requests,
    seed,
  }: { readonly repositories: number; readonly users: number; readonly requests: number; readonly seed: number },
  onLeak: (leak: string) => void = () => undefined,
): Promise<Looked> {
  const random = randomFrom(seed);
  const secrets = makeSecrets(repositories, random);
  const users = makeUsers(secrets, userCount, random);
  const world = await serve(secrets, users);
  const alone = new Map<string, World>();
  for (const secret of secrets) alone.set(secret.name, await serve([secret], users));
  const looked: Looked = { requests: 0, alone: 0, refusals: 0, leaks: [] };
  const leak = (what: string): void => {
    looked.leaks.push(what);
    onLeak(what);
  };
  try {
    const known = ['fork-a', 'fork-b'];
    const clients = new Map<string, Client>();
    const clientOf = (of: World, user: User): Client => {
      const key = `${of.url} ${user.name}`;
      let client = clients.get(key);
      if (client === undefined) clients.set(key, (client = new Client(of.url, user.token)));
      return client;
    };
    for (; looked.requests < requests; looked.requests++) {
      const user = users[random(users.length)]!;
      const asked = renamed(randomRequest(random, secrets, known), random, known);
      const said = JSON.stringify(asked);
      const answer = await clientOf(world, user).ask(asked);
      for (const secret of secrets) {
        if (user.sees.includes(secret.name)) continue;
        for (const word of [
          ...secret.markers,
          ...secret.revs.filter((rev) => /^[0-9a-f]{40}$/.test(rev)),
          secret.repository.path,
        ])
          if (answer.text.includes(word) && !said.includes(word))
            leak(`${word} of ${secret.name} in what ${user.name} got for ${said}: ${answer.text.slice(0, 400)}`);
        if (asked.repo !== secret.name && answer.text.includes(secret.name) && !said.includes(secret.name))
          leak(`the name ${secret.name} in what ${user.name} got for ${said}: ${answer.text.slice(0, 400)}`);
      }
      if (asked.repo === null || asked.what === 'path') continue;
      const secret = secrets.find(({ name }) => name === asked.repo);
      if (secret === undefined || !user.sees.includes(secret.name)) {
        looked.refusals++;
        const other = noSuchName(asked.repo, random);
        if (other === null) continue;
        const absent = await clientOf(world, user).ask({ ...asked, repo: other });
        const renamed = answer.text.replaceAll(JSON.stringify(asked.repo).slice(1, -1), other);
        if (absent.status !== answer.status || plain(absent.text) !== plain(renamed))
          leak(
            `${user.name} can tell ${asked.repo} from none by ${said}:\n${answer.text.slice(0, 600)}\n${absent.text.slice(0, 600)}`,
          );
        continue;
      }
      looked.alone++;
      const only = await clientOf(alone.get(secret.name)!, user).ask(asked);
      if (only.status !== answer.status || plain(only.text) !== plain(answer.text))
        leak(
          `${user.name} gets another answer than from a server with ${secret.name} alone for ${said}:\n${plain(answer.text).slice(0, 1500)}\n${plain(only.text).slice(0, 1500)}`,
        );
    }
  } finally {
    await world.stop();
    for (const other of alone.values()) await other.stop();
  }
  return looked;
}

/** Forks get one of few names, so that what is made is met again. */
function renamed(asked: Asked, random: Random, known: readonly string[]): Asked {
  if (!/^(fork|apply|drop)$/.test(asked.name) || !('name' in asked.input)) return asked;
  return { ...asked, input: { ...asked.input, name: known[random(known.length)]! } };
}

/** A name that no repository has, of the same shape; null where there is no name. */
function noSuchName(repo: string, random: Random): string | null {
  if (!/^team-[a-z]$/.test(repo)) return null;
  return `team-${'mnopqrstuvwxyz'[random(14)]!}`;
}

/** Without what differs from one moment or one lease to the next. */
const plain = (text: string): string =>
  text
    .replace(
      /"(tookMs|expiresAt|expires|at|createdMs|created|movedMs|updatedMs|expiresMs)":(?:[\d.]+|"[^"]*")/g,
      '"$1":0',
    )
    .replace(/lease:[\w-]+/g, 'lease:0')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
    .replace(/\b\d+(?:\.\d+)? ?(?:ms|µs)\b/g, '0 ms')
    .replace(/"id":\d+/g, '"id":0');

/** One user at one server. */
class Client {
  private session: string | null = null;
  private nextId = 1;

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  async ask({ what, name, repo, input }: Asked): Promise<Answer> {
    if (what === 'path') return this.send('GET', name, null);
    const body = repo === null ? input : { repo, ...input };
    if (what === 'operation') return this.send('POST', `/v1/${name}`, body);
    if (this.session === null) {
      const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '0' } };
      await this.rpc('initialize', params);
    }
    return this.rpc('tools/call', { name, arguments: body });
  }

  private rpc(method: string, params: object): Promise<Answer> {
    return this.send('POST', '/mcp', { jsonrpc: '2.0', id: this.nextId++, method, params });
  }

  private async send(method: string, path: string, body: object | null): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      signal: AbortSignal.timeout(20_000),
      headers: {
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(this.session === null || path !== '/mcp' ? {} : { 'mcp-session-id': this.session }),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new Error(`no answer to ${method} ${path} ${JSON.stringify(body)}`, { cause: error });
    });
    this.session = response.headers.get('mcp-session-id') ?? this.session;
    return { status: response.status, text: await response.text() };
  }
}

/**
 * How long a refusal takes for a repository that is hidden, and for one that is not there, asked by turns in random order. `apart`: how often the one that
 * took longer is the hidden one, 0.5 when nobody can tell.
 */
export async function timeRefusals(
  serve: (secrets: readonly Secret[], users: readonly User[]) => Promise<World>,
  pairs: number,
  seed: number,
): Promise<{ readonly hiddenMs: number; readonly absentMs: number; readonly apart: number }> {
  const random = randomFrom(seed);
  const secrets = makeSecrets(2, random);
  const [seen, hidden] = secrets as [Secret, Secret];
  const user: User = { name: 'user', token: 'token', sees: [seen.name], forks: true, metrics: false };
  const world = await serve(secrets, [user]);
  try {
    const client = new Client(world.url, user.token);
    const timed = async (repo: string): Promise<number> => {
      const start = performance.now();
      await client.ask({ what: 'operation', name: 'grep', repo, input: { pattern: 'parcel' } });
      return performance.now() - start;
    };
    const times: [hidden: number, absent: number][] = [];
    for (let i = -100; i < pairs; i++) {
      const absent = `team-${'mnopqrstuvwxyz'[random(14)]!}`;
      const isFirst = random(2) === 0;
      const first = await timed(isFirst ? hidden.name : absent);
      const second = await timed(isFirst ? absent : hidden.name);
      if (i >= 0) times.push(isFirst ? [first, second] : [second, first]);
    }
    const middle = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1]!;
    return {
      hiddenMs: middle(times.map(([ms]) => ms)),
      absentMs: middle(times.map(([, ms]) => ms)),
      apart: times.filter(([a, b]) => a > b).length / times.length,
    };
  } finally {
    await world.stop();
  }
}
