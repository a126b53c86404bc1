import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CoppiceError, throwIfAborted } from '../../base/index.js';
import { tarFiles, type TarFile } from '../files/tar.js';
import { readSmallFile } from '../project-files.js';
import type { Package } from '../types.js';

const archiveBytesMax = 256 * 1024 * 1024;
const answerMs = 60_000;

/** A package as the registry has it, its integrity checked. */
export interface FetchedPackage {
  readonly pkg: Package;
  readonly files: readonly TarFile[];
}

/** The registries that npm is configured to use. */
export class Registry {
  private readonly settings: ReadonlyMap<string, string>;
  private readonly secrets: ReadonlyMap<string, string>;

  /** Secrets are taken of the user's own settings alone, never of a project's. */
  constructor(projectFolder: string | null, home: string, environment: Readonly<Record<string, string | undefined>>) {
    const own = readSettings(join(home, '.npmrc'), environment);
    const project =
      projectFolder === null ? new Map<string, string>() : readSettings(join(projectFolder, '.npmrc'), {});
    this.secrets = own;
    const named = environment['npm_config_registry'];
    this.settings = new Map([...own, ...project, ...(named === undefined ? [] : [['registry', named] as const])]);
  }

  /** Whether a package can be fetched: one of npm's, from a registry, whose integrity is known. */
  static canFetch({ ecosystem, name, version, integrity }: Package): boolean {
    return (
      ecosystem === 'npm' && isName(name) && /^\d+\.\d+\.\d+[\w.+-]*$/.test(version) && digestOf(integrity) !== null
    );
  }

  /** Fetches a package. FETCH_FAILED when it cannot be had, or is not what the lock file says. */
  async fetch(pkg: Package, signal: AbortSignal | undefined): Promise<FetchedPackage> {
    const { name, version, integrity } = pkg;
    const url = this.urlOf(name, version);
    const archive = await this.download(url, `${name}@${version}`, signal);
    const wanted = digestOf(integrity)!;
    const digest = createHash(wanted.algorithm).update(archive).digest('base64');
    if (digest !== wanted.digest)
      throw failed(
        `${name}@${version}`,
        `what ${url.host} has is not what the lock file says: its ${wanted.algorithm} is another`,
      );
    return { pkg, files: tarFiles(`${name}@${version}`, archive) };
  }

  private urlOf(name: string, version: string): URL {
    const scope = name.startsWith('@') ? name.slice(0, name.indexOf('/')) : null;
    const registry =
      (scope === null ? undefined : this.settings.get(`${scope}:registry`)) ?? this.settings.get('registry');
    // Nothing is asked that the user did not name.
    if (registry === undefined)
      throw new CoppiceError('CONFIG_INVALID', 'npm is not configured to use a registry', {
        hint: 'name one: npm config set registry URL, or registry=URL in .npmrc',
      });
    const base = name.slice(name.indexOf('/') + 1);
    try {
      const url = new URL(`${registry.replace(/\/*$/, '/')}${name}/-/${base}-${version}.tgz`);
      if (url.protocol === 'https:' || url.protocol === 'http:') return url;
    } catch {
      // told below
    }
    throw new CoppiceError(
      'CONFIG_INVALID',
      `the registry that npm is configured to use is no address: ${registry.slice(0, 100)}`,
      { hint: 'see npm config get registry' },
    );
  }

  private async download(url: URL, what: string, signal: AbortSignal | undefined): Promise<Buffer> {
    // Node 20 may collect a composite whose only source is a timer.
    const timeout = AbortSignal.timeout(answerMs);
    const limits = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      const response = await fetch(url, { signal: limits, headers: this.headersFor(url) });
      if (!response.ok || response.body === null) throw failed(what, `${url.host} answers ${response.status}`);
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        bytes += piece.length;
        if (bytes > archiveBytesMax) throw failed(what, 'it is too large for a package');
        pieces.push(piece);
      }
      return Buffer.concat(pieces);
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof CoppiceError) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw failed(what, `${url.host}: ${cause instanceof Error ? cause.message : String(cause)}`, error);
    }
  }

  /** What the user's settings say of this host and path, as npm takes it. */
  private headersFor({ host, pathname }: URL): Record<string, string> {
    for (let end = pathname.lastIndexOf('/'); end >= 0; end = pathname.lastIndexOf('/', end - 1)) {
      const token = this.secrets.get(`//${host}${pathname.slice(0, end + 1)}:_authToken`);
      if (token !== undefined) return { authorization: `Bearer ${token}` };
      const basic = this.secrets.get(`//${host}${pathname.slice(0, end + 1)}:_auth`);
      if (basic !== undefined) return { authorization: `Basic ${basic}` };
      if (end === 0) break;
    }
    return {};
  }
}

const isName = (name: string): boolean =>
  /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-zA-Z0-9-~][\w.~-]*$/.test(name) && name.length < 215;

/** `key = value` lines; `${NAME}` stands for what the environment has. */
function readSettings(path: string, environment: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of (readSmallFile(path, 1024 * 1024)?.toString('utf8') ?? '').split(/\r?\n/)) {
    const found = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (found !== null)
      settings.set(
        found[1]!,
        found[2]!
          .replace(/^"(.*)"$/, '$1')
          .replace(/\$\{(\w+)\}/g, (whole, name: string) => environment[name] ?? whole),
      );
  }
  return settings;
}

/** The strongest digest of an integrity text; those of Yarn's own archives are of other bytes than the registry's. */
function digestOf(integrity: string | null): { algorithm: string; digest: string } | null {
  const digests = new Map(
    (integrity ?? '').split(/\s+/).flatMap((text) => {
      const dash = text.indexOf('-');
      return dash < 0 ? [] : [[text.slice(0, dash), text.slice(dash + 1).replace(/\?.*$/, '')] as const];
    }),
  );
  for (const algorithm of ['sha512', 'sha384', 'sha256', 'sha1']) {
    const digest = digests.get(algorithm);
    if (digest !== undefined) return { algorithm, digest };
  }
  return null;
}

const failed = (what: string, why: string, cause?: unknown): CoppiceError =>
  new CoppiceError('FETCH_FAILED', `${what} could not be fetched: ${why}`, {
    hint: 'see npm config get registry, and whether it can be reached',
    cause,
  });
