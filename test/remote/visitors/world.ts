import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readUsers, runDaemon, type RunningDaemon } from '../../../src/daemon/index.js';
import type { Random } from '../../crash/support/random.js';
import { makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { withEngine, withPublisher } from '../support.js';

export interface Secret {
  readonly name: string;
  readonly repository: TestRepository;
  /** Words that are nowhere else: in its paths, names, texts, branches, messages. None is part of another. */
  readonly markers: readonly string[];
  /** What in it can be asked for: oids of commits, trees and blobs, branches, paths. */
  readonly revs: readonly string[];
  readonly paths: readonly string[];
  /** What some of its files hold. */
  readonly texts: readonly string[];
}

export interface User {
  readonly name: string;
  readonly token: string;
  readonly sees: readonly string[];
  readonly forks: boolean;
  readonly metrics: boolean;
}

/** A server that many may ask, and what it serves. */
export interface World {
  readonly url: string;
  readonly logged: string[];
  stop(): Promise<void>;
}

const marker = (random: Random, about: string): string =>
  `zq${about}${Array.from({ length: 9 }, () => String.fromCharCode(97 + random(26))).join('')}`;

/** Repositories that have much in common, and each something that is its own. */
export function makeSecrets(count: number, random: Random): Secret[] {
  return Array.from({ length: count }, (_, i) => {
    const [file, name, text, branch, message, late] = ['f', 'n', 't', 'b', 'm', 'l'].map((about) =>
      marker(random, about),
    );
    const repository = makeRepository({ name: `team-${'abcdefghijkl'[i]!}` });
    const common = (version: number): string =>
      `export function parcelWeight(parcel: Parcel): number {\n  return parcel.weight * ${version}; // counted\n}\n\n`.repeat(
        1 + (i % 3),
      );
    const own = `export class ${name}Counter {\n  // ${text}\n  total = ${i};\n}\n`;
    repository.commits([
      {
        files: {
          'src/common.ts': common(1),
          [`src/${file}.ts`]: own,
        },
        message: `${message} began\n`,
      },
      {
        files: { 'src/common.ts': common(2 + i), [`docs/${file}.md`]: `# ${text} of parcels\n\n${late} is counted.\n` },
        message: `${message} went on\n`,
      },
    ]);
    repository.branch(branch!, 'main~1');
    repository.tag(`${branch!}-1`, 'main');
    const oid = (rev: string): string => repository.revParse(rev);
    return {
      name: repository.path.split('/').at(-1)!,
      repository,
      texts: [own, common(2 + i)],
      markers: [file!, name!, text!, branch!, message!, late!],
      revs: [
        oid('main'),
        oid('main~1'),
        oid('main^{tree}'),
        oid('main:src'),
        oid('main:src/common.ts'),
        branch!,
        `${branch!}-1`,
        `main:docs`,
      ],
      paths: [`src/${file!}.ts`, `docs/${file!}.md`, repository.path],
    };
  });
}

/** Each sees some repositories; the last sees all. */
export function makeUsers(secrets: readonly Secret[], count: number, random: Random): User[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `user-${i}`,
    token: `token-${i}-${random(1e9)}`,
    sees: secrets.flatMap(({ name }) => (i === count - 1 || random(3) > 0 ? [name] : [])),
    forks: random(3) > 0,
    metrics: random(4) === 0,
  }));
}

function usersFile(users: readonly User[]): string {
  const path = join(makeFolder(), 'users.json');
  const hash = (token: string): string => `sha256:${createHash('sha256').update(token).digest('hex')}`;
  const entries = users.map(({ name, token, sees, forks, metrics }) => ({
    name,
    tokens: [hash(token)],
    repositories: sees,
    forks,
    metrics,
  }));
  writeFileSync(path, JSON.stringify({ users: entries }));
  return path;
}

async function serve(
  users: readonly User[],
  options: Pick<Parameters<typeof runDaemon>[0], 'storePath' | 'node'>,
): Promise<World> {
  const logged: string[] = [];
  const log = (message: string): void => void logged.push(message);
  const daemon: RunningDaemon = await runDaemon({
    ...options,
    version: '0',
    onDemand: false,
    port: 0,
    log,
    users: readUsers(usersFile(users), undefined, log),
  });
  return { url: daemon.http!.url, logged, stop: () => daemon.stop() };
}

/** A search node for what these repositories published. */
export async function serveNode(secrets: readonly Secret[], users: readonly User[]): Promise<World> {
  const remote = `file:${makeFolder()}/remote`;
  const own = makeFolder();
  for (const { repository } of secrets)
    await withPublisher(repository.path, own, (publisher) => publisher.push(remote, [], { all: true, history: true }));
  const cache = makeFolder();
  const node = { remote, folder: join(cache, 'repositories'), cacheBytes: 2 ** 30 };
  return serve(users, { storePath: join(cache, 'store'), node });
}

/** A server for the repositories of its own store. */
export async function serveStore(secrets: readonly Secret[], users: readonly User[]): Promise<World> {
  const storePath = makeFolder();
  for (const { repository } of secrets)
    await withEngine(repository.path, storePath, (engine) => engine.index([], { all: true, history: true }));
  return serve(users, { storePath });
}
