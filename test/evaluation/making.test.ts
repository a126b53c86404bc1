import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { HttpClient, RemoteEngines } from '../../src/api/index.js';
import { openEngine } from '../../src/engine/index.js';
import type { Engine } from '../../src/engine/index.js';
import {
  SeededRandom,
  askedBy,
  bootstrapInterval,
  compareOutcomes,
  openModel,
  parseGoldenSet,
  planQuestions,
  questionsFromHistory,
  questionsFromModel,
  signFlipProbability,
  tuneWeights,
} from '../../src/evaluation/index.js';
import type { Outcome } from '../../src/evaluation/index.js';
import { ChatServer } from '../chat/support/chat-server.js';
import { serve, token } from '../api/support/served.js';
import { makeFolder, makeRepository } from '../support/git.js';

let server: ChatServer;
beforeAll(async () => (server = await ChatServer.start()));
afterAll(() => server.stop());
const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

async function open(repo: string, config: object = {}): Promise<Engine> {
  const store = join(makeFolder(), 'store');
  mkdirSync(store, { recursive: true });
  writeFileSync(join(store, 'config.json'), JSON.stringify(config));
  const engine = await openEngine({ repo, store, workers: 0 });
  engines.push(engine);
  return engine;
}

test.each<[string, string | null]>([
  ['Fix crash when the lock file is stale (#123)', 'Fix crash when the lock file is stale'],
  ['feat(parser): accept trailing commas in lists', 'parser accept trailing commas in lists'],
  ['net/http: close idle connections after a timeout', 'http close idle connections after a timeout'],
  ['Bump lodash from 1 to 2', null],
  ['Merge branch main', null],
  ['typo', null],
  ['Update README.md', null],
  ['Refactor the scheduler for readability', null],
  ['wip', null],
  ['Fix test', null],
])('the subject %j is asked as %j', (subject, query) => expect(askedBy(subject)).toBe(query));

const lines = (count: number, at = -1, text = ''): string =>
  Array.from({ length: count }, (_, i) => (i === at ? text : `line(${String(i)});`)).join('\n');

test('history: subjects are asked at the parent, and what was changed is the answer; the same for a seed', async () => {
  const repository = makeRepository();
  const commit = (message: string, files: Record<string, string>, parents: string[] = ['main']): void => {
    repository.commits([{ branch: 'main', message, files, parents }]);
  };
  commit('First', { 'src/a.ts': lines(60), 'src/b.ts': 'b();\n' }, []);
  commit('Free stale locks after a crash', { 'src/a.ts': lines(60, 41, 'release();') });
  commit('Retry requests that were throttled', { 'src/b.ts': 'b();\nretry();\n' });
  commit('Add a page about how locks behave', { 'doc/a.md': 'x\n' });
  const engine = await open(repository.path);
  const options = { rev: 'main', count: 10, seed: 3 };
  const entries = await questionsFromHistory(engine, options);
  expect(entries).toEqual(await questionsFromHistory(engine, options));
  const byQuery = new Map(entries.map((entry) => [entry.query, entry]));
  expect([...byQuery.keys()].sort()).toEqual(['Free stale locks after a crash', 'Retry requests that were throttled']);
  expect(byQuery.get('Free stale locks after a crash')).toMatchObject({
    category: 'history',
    relevant: [{ path: 'src/a.ts', startLine: 42, endLine: 42 }],
  });
  const set = entries.map((entry) => JSON.stringify(entry)).join('\n');
  expect(parseGoldenSet(set, 'x').map(({ rev }) => rev)).toEqual(entries.map(({ rev }) => rev));
  expect(entries.every(({ rev, commit }) => rev !== undefined && commit !== undefined && rev !== commit)).toBe(true);
});

test('model: what is sent is what the plan says; questions that copy names or are one another are dropped', async () => {
  const repository = makeRepository();
  const body = (name: string): string => `export function ${name}(): void {\n  a();\n  b();\n  c();\n}\n`;
  repository.commits([
    {
      branch: 'main',
      files: {
        'a.ts': body('openLock'),
        'b.ts': body('closeDoor'),
        'c.ts': body('paintWall'),
        'd.ts': body('cutGrass'),
        '.env': 'A=1\n',
        'secrets.ts': body('password'),
      },
    },
  ]);
  const engine = await open(repository.path, { chat: { endpoint: server.endpoint, model: 'm', inputPrice: 1 } });
  server.reset();
  server.model = ({ user, body: { messages } }) => {
    if (messages[0]!.content.includes('decide'))
      return user.includes('cutGrass') ? '{"ask": false}' : 'Sure: {"ask": true}';
    if (user.includes('openLock')) return '{"question": "where does openLock happen at last?"}';
    return '```json\n{"question": "how is the way in shut again?"}\n```';
  };
  const client = await openModel(engine.storePath);
  const options = { rev: 'main', count: 4, seed: 1, examples: ['where are locks released?'] };
  const planned = new Set<string>();
  for await (const { judge, question } of planQuestions(engine, client, options))
    for (const { body } of [judge, question]) planned.add(JSON.stringify(body));
  // Commands ask a daemon, which refuses options that an operation does not have.
  const served = await serve();
  const far = new RemoteEngines({ storePath: engine.storePath, transport: new HttpClient({ ...served, token }) });
  try {
    const asked: string[] = [];
    for await (const { judge, question } of planQuestions(far.open(repository.path), client, options))
      for (const { body } of [judge, question]) asked.push(JSON.stringify(body));
    expect(asked).toEqual([...planned]);
  } finally {
    await far.close();
    await served.close();
  }
  expect(server.received).toEqual([]);
  const { entries, looked, tokens } = await questionsFromModel(engine, client, options);
  expect(looked).toBe(4);
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ query: 'how is the way in shut again?', category: 'model' });
  expect(entries[0]!.chunk).toContain('export function');
  expect(tokens.input).toBe(100 * server.received.length);
  for (const { text } of server.received) expect(planned).toContain(text);
  expect(server.received.map(({ text }) => text).join()).not.toContain('password');
  client.close();
});

test('labels by hand go to a set in the work tree and nowhere else; feedback only where it is allowed', async () => {
  const repository = makeRepository();
  repository.commit({ 'src/a.ts': 'a();\n' });
  const engine = await open(repository.path);
  const label = { query: 'where is it?', path: 'src/a.ts', startLine: 1 };
  const { set } = await engine.addLabel(label);
  expect(set).toBe(join(repository.path, 'golden.jsonl'));
  writeFileSync(set, readFileSync(set, 'utf8').trimEnd());
  await engine.addLabel({ query: 'and what not?', path: 'src/a.ts' });
  expect(parseGoldenSet(readFileSync(set, 'utf8'), set).map(({ query }) => query)).toEqual([
    'where is it?',
    'and what not?',
  ]);
  await expect(engine.addLabel({ ...label, path: 'src/b.ts' })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  for (const [startLine, endLine] of [
    [1000, 1001],
    [2, 1],
    [0, 1],
  ] as const)
    await expect(engine.addLabel({ ...label, startLine, endLine })).rejects.toMatchObject({
      code: 'LINES_OUT_OF_RANGE',
    });
  const outside = makeFolder();
  symlinkSync(outside, join(repository.path, 'out'));
  writeFileSync(join(outside, 'target'), '');
  symlinkSync(join(outside, 'target'), join(repository.path, 'link.jsonl'));
  for (const bad of ['../x.jsonl', '/tmp/x.jsonl', 'src/a.ts', 'out/x.jsonl', 'link.jsonl', '.git/x.jsonl'])
    await expect(engine.addLabel({ ...label, set: bad })).rejects.toMatchObject({ code: 'USAGE' });
  expect(readdirSync(outside)).toEqual(['target']);
  expect(readFileSync(join(outside, 'target'), 'utf8')).toBe('');
  await expect(engine.addLabel({ ...label, feedback: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const allowed = await open(repository.path, { feedback: true });
  const told = await allowed.addLabel({ ...label, feedback: true, answered: false });
  expect(told.set.startsWith(allowed.storePath)).toBe(true);
  expect(JSON.parse(readFileSync(told.set, 'utf8'))).toMatchObject({
    relevant: [],
    irrelevant: [{ path: 'src/a.ts' }],
  });
  await allowed.addLabel({ ...label, feedback: true });
  expect(parseGoldenSet(readFileSync(told.set, 'utf8'), told.set)).toHaveLength(1);
});

test('a difference is told from noise', () => {
  const random = new SeededRandom(5);
  const noise = Array.from({ length: 60 }, () => random.next() - 0.5);
  const [low, high] = bootstrapInterval(noise);
  expect(low).toBeLessThan(0);
  expect(high).toBeGreaterThan(0);
  const gain = noise.map((one) => one / 4 + 0.1);
  expect(bootstrapInterval(gain)[0]).toBeGreaterThan(0);
  expect(signFlipProbability(gain)).toBeLessThan(0.01);
  expect(signFlipProbability(noise.map((one) => -Math.abs(one)))).toBe(1);
  const outcomes = (scores: readonly number[]): Outcome[] =>
    scores.map(
      (ndcg, i) =>
        ({
          query: { line: i + 1, query: 'q', category: '', relevant: [], rev: null },
          chunks: { ndcg },
        }) as unknown as Outcome,
    );
  const same = outcomes([0.5, 1, 0]);
  expect(compareOutcomes('hybrid', same, same)).toMatchObject({ difference: 0, verdict: 'cannot tell' });
  expect(
    compareOutcomes('hybrid', outcomes(gain.map(() => 0.2)), outcomes(gain.map((one) => 0.2 + one))),
  ).toMatchObject({ verdict: 'better' });
});

test('tuning finds a weight that is wrong, and refuses what is noise: 20 of 20', async () => {
  const weights = { good: 1, other: 1 };
  const noiseOf = (question: number, value: unknown, salt: number): number =>
    new SeededRandom(question * 7919 + salt * 104_729 + Math.round(Number(value) * 1000)).next();
  const real = await tuneWeights(
    (questions, { good = 1, other = 1 }) =>
      Promise.resolve(questions.map((i) => Math.max(0, 0.4 + 0.2 * Math.min(good, 2) + 0.1 * noiseOf(i, other, 0)))),
    { questions: 60, weights, folds: 5, seed: 1 },
  );
  expect(real.isSignificant).toBe(true);
  expect(real.weights['good']).toBeGreaterThan(1.5);
  for (let salt = 1; salt <= 20; salt++) {
    const random = await tuneWeights(
      (questions, { good = 1, other = 1 }) =>
        Promise.resolve(questions.map((i) => (noiseOf(i, good, salt) + noiseOf(i, other, salt + 100)) / 2)),
      { questions: 60, weights, folds: 5, seed: salt },
    );
    expect(random.isSignificant).toBe(false);
  }
  const few = await tuneWeights((questions, { good = 1 }) => Promise.resolve(questions.map(() => good / 3)), {
    questions: 10,
    weights,
    folds: 5,
    seed: 1,
  });
  expect(few.isSignificant).toBe(false);
});
