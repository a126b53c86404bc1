// CI jobs that publish at once and are killed at random while the storage fails, pauses and throttles: npm run bench -- pushers
//   [--server gofakes3|versitygw] [--pushers 16] [--commits 200] [--storm 30] [--kill MS: one of them is killed so often] [--seed N] [--seconds 200]: what is
//   pushed by then is judged
import { rmSync } from 'node:fs';
import { openEngine, openPublisher } from '../src/engine/index.js';
import { openStorage, Publications } from '../src/remote/index.js';
import { randomFrom, randomSource, type Random } from '../test/crash/support/random.js';
import { makeFolder, makeRepository, type TestRepository } from '../test/support/git.js';
import { s3Env, s3Keys, startGateway, startS3Server } from '../test/support/s3-server.js';
import { StormProxy, randomWeather } from '../test/support/storm-proxy.js';
import { cleanUpOnSignals, onEnd } from './daemon/cleanup.js';
import { Report, machine, option, printTable, writeJson } from './support/measure.js';
import { Publishers, isPublisher, publishAsTold } from './support/publishers.js';

const remote = 's3://team/index of all';

if (isPublisher()) await publishAsTold();
else await run();

async function run(): Promise<void> {
  cleanUpOnSignals();
  const kind = option('server', 'gofakes3');
  const random = randomFrom(Number(option('seed', '1')));
  const count = Number(option('commits', '200'));
  const stormMs = Number(option('storm', '30')) * 1000;
  const killEvery = Math.max(1, Math.round(Number(option('kill', '5000')) / 200));
  const server = kind === 'versitygw' ? await startGateway({ builds: true }) : await startS3Server();
  if (server === null) throw new Error(`${kind} cannot be had: is there Go?`);
  onEnd(() => server.signal('SIGKILL'));
  await server.makeBucket('team');
  const proxy = await StormProxy.start(server.endpoint);
  const repository = makeCommits(count, random);
  const commits = repository.revs;
  Object.assign(process.env, server.env);
  const report = new Report();
  if (kind === 'versitygw') await signatures(report);

  const publishers = new Publishers({
    program: import.meta.url,
    repo: repository.path,
    remote,
    env: s3Env(proxy.endpoint),
    commits: [...commits].sort(() => random(3) - 1),
    atOnce: Number(option('pushers', '16')),
    makeStore: makeFolder,
    random,
    killEvery,
  });
  const startMs = performance.now();
  const stormEndMs = startMs + stormMs;
  proxy.weather = () => (performance.now() < stormEndMs ? randomWeather(random) : 'fair');

  const seen = new Set<string>();
  const halves: string[] = [];
  const reading = watch(repository.path, seen, halves, () => publishers.isOver);
  let pauses = 0;
  // Most of them have to come to an end, however slow the machine is.
  await publishers.run(Number(option('seconds', '100000')) * 1000, (tick) => {
    if (performance.now() >= stormEndMs || tick % 40 !== 20) return;
    server.signal('SIGSTOP');
    setTimeout(() => server.signal('SIGCONT'), 2500);
    pauses++;
  });
  const { acked, failures, kills, killedBusy, tookMs } = publishers;
  await reading;
  const lost = await unreadable(repository, [...acked]);
  const { packs, objects } = await left();
  report.add(
    `${kind}: ${option('pushers', '16')} pushers, ${acked.size} of ${count} commits in the time, ${kills} of them killed (${killedBusy} in a push), ${(stormMs / 1000).toFixed(0)} s of errors, ${pauses} pauses; took ${(tookMs / 1000).toFixed(0)} s: acknowledged and not readable`,
    `${lost.length} of ${acked.size}`,
    '0',
    lost.length === 0,
    lost,
  );
  report.add(
    `seen while it went on and not whole`,
    `${halves.length} of ${seen.size}`,
    '0',
    halves.length === 0,
    halves,
  );
  report.add('pushes that gave up by themselves, and were tried again', String(failures.length), '-', null, failures);
  report.add('packs published at the end, of packs left by all', `${packs} of ${objects}`, '-', null);
  await proxy.stop();
  await server.stop();
  printTable(`pushers; ${machine()}`, report.rows);
  writeJson(`pushers-${kind}`, { machine: machine(), ...report });
  process.exit(report.rows.every(({ met }) => met !== false) ? 0 : 1);
}

interface Commits {
  readonly path: string;
  readonly revs: readonly string[];
  /** The line that only this commit has. */
  readonly lineOf: ReadonlyMap<string, string>;
}

/** A history in which each commit has a line of its own, and which branches. */
function makeCommits(count: number, random: Random): Commits {
  const repository: TestRepository = makeRepository({ bare: true });
  const lines = Array.from({ length: count }, (_, i) => `export const only${i}x = ${random(1e9)};`);
  const oids = repository.commits(
    lines.map((line, i) => ({
      files: {
        [`src/part${i % 12}.ts`]: randomSource(random, 4),
        [`src/deep/d${i % 5}/only.ts`]: `${line}\n${randomSource(random, 1)}`,
      },
      message: `change ${i}\n`,
      ...(i > 4 && i % 7 === 0 ? { parents: [`:${i - 3}`], branch: `side${i}` } : {}),
    })),
  );
  return { path: repository.path, revs: oids, lineOf: new Map(oids.map((oid, i) => [oid, lines[i]!])) };
}

/** Takes whatever is visible at the moment, again and again: it must be whole. */
async function watch(repo: string, seen: Set<string>, halves: string[], isOver: () => boolean): Promise<void> {
  const publications = new Publications(openStorage(remote), { trust: null });
  while (!isOver()) {
    try {
      const [repository] = await publications.repositories({ patienceMs: 60_000 });
      const head = repository === undefined ? null : await publications.head(repository.id, { patienceMs: 60_000 });
      const fresh =
        head === null
          ? []
          : (await publications.allPublications(head))
              .flatMap(({ commits }) => commits.map(([oid]) => oid))
              .filter((oid) => !seen.has(oid));
      if (fresh.length > 0) {
        for (const oid of fresh) seen.add(oid);
        const store = makeFolder();
        const publisher = await openPublisher({ repo, store });
        try {
          const { revs } = await publisher.pull(remote, fresh, { patienceMs: 60_000 });
          for (const { commit, taken } of revs) if (commit !== taken) halves.push(`${commit} was visible and is not`);
        } finally {
          await publisher.close();
          rmSync(store, { recursive: true, force: true });
        }
      }
    } catch (error) {
      halves.push(String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** Commits that a fresh store does not get, or gets otherwise than they are. */
async function unreadable({ path: repo, lineOf }: Commits, commits: readonly string[]): Promise<string[]> {
  const store = makeFolder();
  const lost: string[] = [];
  const publisher = await openPublisher({ repo, store });
  const { revs } = await publisher.pull(remote, commits);
  for (const { commit, taken } of revs) if (taken !== commit) lost.push(`${commit}: ${taken} is there instead`);
  await publisher.close();
  const engine = await openEngine({ repo, store });
  for (const commit of commits) {
    const { lines } = await engine.grep(lineOf.get(commit)!, { rev: commit, literal: true });
    if (lines.length !== 1) lost.push(`${commit}: ${lines.length} lines where it has one`);
  }
  const { problems } = await engine.doctor();
  lost.push(...problems.map((problem) => JSON.stringify(problem)));
  await engine.close();
  return lost;
}

async function left(): Promise<{ packs: number; objects: number }> {
  const publications = new Publications(openStorage(remote), { trust: null });
  const [repository] = await publications.repositories();
  const head = await publications.head(repository!.id);
  let objects = 0;
  for await (const object of openStorage(remote).list('packs/')) if (object.sizeBytes > 0) objects++;
  return { packs: head.body.packs.length, objects };
}

/** A server that checks them takes ours, and refuses those of another key. */
async function signatures(report: Report): Promise<void> {
  const names = ['plain', 'with space', 'ä+&=?#%', "(it's)*!~", 'a//b'];
  const own = openStorage('s3://team/signed + more');
  const refused: string[] = [];
  for (const name of names) {
    await own
      .write(`packs/${name}`, Buffer.from(name), 'any')
      .catch((error: unknown) => refused.push(`${name}: ${String(error)}`));
    const read = await own.read(`packs/${name}`).catch((error: unknown) => refused.push(`${name}: ${String(error)}`));
    if (read === null) refused.push(`${name}: not there`);
  }
  for await (const { name } of own.list('packs/'))
    if (!names.includes(name.slice(6))) refused.push(`${name} is listed`);
  process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong';
  const other = openStorage('s3://team/signed');
  process.env['AWS_SECRET_ACCESS_KEY'] = s3Keys.secretAccessKey;
  const answer = await other.read('packs/plain').then(
    () => 'taken',
    (error: { code?: string }) => error.code ?? 'an error without a code',
  );
  report.add(
    'versitygw: signed requests with all kinds of names that are refused; with a wrong secret',
    `${refused.length}; ${answer}`,
    '0; REMOTE_REFUSED',
    refused.length === 0 && answer === 'REMOTE_REFUSED',
    refused,
  );
}
