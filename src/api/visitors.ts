import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CoppiceError } from '../base/index.js';
import type { Operation } from './operation.js';

/** Who asks a server that many may ask, and what they may see. */
export interface Visitor {
  readonly name: string;
  /** Whether a repository exists for them. */
  canRead(repository: string): boolean;
  readonly mayWriteForks: boolean;
  readonly maySeeMetrics: boolean;
}

interface User {
  readonly visitor: Visitor;
  readonly digests: readonly Buffer[];
}

/** What is known so far of a request under way, for its line in the log. */
export interface Audit {
  user: string | null;
  repo: string | null;
  /** Of MCP: the tools that it called. */
  tool: string | null;
}

/** The request under way, where each leaves a line. */
export const auditing = new AsyncLocalStorage<Audit>();

/** Who the request under way is from; absent: somebody whom the file system let in, or who has the server's own token. */
export const visiting = new AsyncLocalStorage<Visitor>();

/** What one user's entry is. */
interface UserEntry {
  readonly name: string;
  readonly tokens: readonly string[];
  readonly repositories: readonly string[];
  readonly forks?: boolean;
  readonly metrics?: boolean;
}

const shape =
  '{"users":[{"name":"ci","tokens":["sha256:HEX"],"repositories":["svelte","team-*"],"forks":false,"metrics":false}]}';

/** Reads a list of users. CONFIG_INVALID. `compile` makes a test of a glob over names of repositories. */
export function parseUsers(
  text: string,
  where: string,
  compile: (glob: string) => (name: string) => boolean,
): { find(token: string): Visitor | null } {
  const invalid = (what: string): CoppiceError =>
    new CoppiceError('CONFIG_INVALID', `${where}: ${what}`, { hint: `it is ${shape}` });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw invalid('not JSON');
  }
  const { users: entries } = (given ?? {}) as { users?: unknown };
  if (!Array.isArray(entries)) throw invalid('no list of users');
  const users = (entries as (Partial<UserEntry> | null)[]).map((entry): User => {
    const isTexts = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((text) => typeof text === 'string');
    const { name, tokens, repositories, forks = false, metrics = false } = entry ?? {};
    if (typeof name !== 'string' || name === '') throw invalid('a user has no name');
    if (!isTexts(tokens) || !isTexts(repositories)) throw invalid(`user ${name} has no tokens, or no repositories`);
    if (typeof forks !== 'boolean' || typeof metrics !== 'boolean')
      throw invalid(`user ${name}: forks and metrics are true or false`);
    const digests = tokens.map((token) => {
      const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(token) ?? [];
      if (hex === undefined) throw invalid(`user ${name}: a token is sha256: and its hash in 64 hex digits`);
      return Buffer.from(hex, 'hex');
    });
    const globs = repositories.map(compile);
    const canRead = (repository: string): boolean => globs.some((isMatch) => isMatch(repository));
    return { visitor: { name, canRead, mayWriteForks: forks, maySeeMetrics: metrics }, digests };
  });
  return {
    find(token) {
      const digest = createHash('sha256').update(token).digest();
      let found: Visitor | null = null;
      // All of them, each time: how long it takes tells nothing of whose token comes near.
      for (const { visitor, digests } of users)
        for (const known of digests) if (timingSafeEqual(known, digest)) found = visitor;
      return found;
    },
  };
}

/** UNAUTHORIZED unless the request has the token of a user. */
export function checkVisitor({ headers }: IncomingMessage, find: (token: string) => Visitor | null): Visitor {
  const given = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const visitor = find(given ?? '');
  if (given !== undefined && visitor !== null) return visitor;
  throw new CoppiceError('UNAUTHORIZED', given === undefined ? 'a token is needed' : 'the token is wrong', {
    hint: 'send `Authorization: Bearer TOKEN`; who runs this server gives tokens',
  });
}

/** What reads one repository that is named. What is about the process, or all of the store, is for who runs it. */
const reading: ReadonlySet<string> = new Set([
  'search',
  'grep',
  'grep-counts',
  'grep-range',
  'symbols',
  'definition',
  'references',
  'log',
  'log-commits',
  'show',
  'resolve',
  'outline',
  'files',
  'folder',
  'last-changes',
  'compare',
  'revs',
  'forks',
]);

/** FORBIDDEN for what the visitor of the request may not do, wherever it comes from. */
export function checkAllowed({ name, effect, repo }: Pick<Operation, 'name' | 'effect' | 'repo'>): void {
  const visitor = visiting.getStore();
  if (visitor === undefined || name === 'repositories') return;
  if (
    (reading.has(name) && repo === 'required') ||
    (effect === 'names' && repo === 'required' && visitor.mayWriteForks)
  )
    return;
  throw new CoppiceError('FORBIDDEN', `${visitor.name} may not use ${name} here`, {
    hint:
      effect === 'names' ? 'who runs this server allows forks with "forks": true' : 'it is for who runs this server',
  });
}

/**
 * FORBIDDEN for packages: they lie outside of the repository, wherever manifests point, and those of a fork are written by who asks.
 *
 * @param input what was asked, of an operation or a tool
 */
export function checkOwnFiles(input: Readonly<Record<string, unknown>>): void {
  const visitor = visiting.getStore();
  if (visitor === undefined) return;
  const { deps, withDeps, with_deps: tool, query } = input;
  const isFilter = typeof query === 'string' && /\bdep:/.test(query);
  if (deps === undefined && withDeps !== true && tool !== true && !isFilter) return;
  throw new CoppiceError('FORBIDDEN', `${visitor.name} may not look into packages here`, {
    hint: 'they are not of the repository: leave out deps, withDeps and dep:',
  });
}

/** Tools of MCP by what they are about. */
const readingTools: ReadonlySet<string> = new Set([
  'search',
  'grep',
  'symbols',
  'definition',
  'references',
  'outline',
  'read',
  'compare',
  'list_revs',
  'log',
]);
const forkTools: ReadonlySet<string> = new Set(['fork', 'apply', 'lease']);

/** As `checkAllowed`, for a tool of MCP: by list, so that a new one is refused until somebody has thought about it. */
export function checkToolAllowed(name: string): void {
  const isFork = forkTools.has(name);
  const isReading = readingTools.has(name);
  checkAllowed({
    name: isReading ? 'search' : name,
    effect: isFork ? 'names' : 'process',
    repo: isReading || isFork ? 'required' : 'none',
  });
}
