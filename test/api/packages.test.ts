import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../cli/fakes.js';
import { borrowedEngine } from '../cli/support/borrowed-engine.js';
import { folderOf, zipOf } from '../dependencies/support.js';
import { git } from '../support/git.js';
import { call, connect } from './mcp/support.js';
import { post, serve, type Served } from './support/served.js';

const locked = (name: string): string =>
  `"${name}@npm:1.0.0":\n  version: 1.0.0\n  resolution: "${name}@npm:1.0.0"\n  checksum: 10c0/0123456789\n  languageName: node\n  linkType: hard\n\n`;
const archive = (name: string): string => `.yarn/cache/${name}-npm-1.0.0-ffffffffff-0123456789.zip`;

let served: Served;
let root: string;

/** A project by Yarn's PnP: one good package, one that would burst, one that is cut off, links in a circle. */
beforeAll(async () => {
  served = await serve();
  const good = zipOf([
    { name: 'node_modules/good/index.js', content: Buffer.from('needle in good\n') },
    { name: 'node_modules/good/package.json', content: Buffer.from('{"name":"good","version":"1.0.0"}') },
  ]);
  root = folderOf({
    'package.json': '{"name":"x","dependencies":{"good":"1.0.0","bomb":"1.0.0","torn":"1.0.0"}}',
    '.pnp.cjs': '',
    'yarn.lock': `__metadata:\n  version: 8\n  cacheKey: 10c0\n\n${['bomb', 'good', 'torn'].map(locked).join('')}"x@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "x@workspace:."\n  dependencies:\n    bomb: "npm:1.0.0"\n    good: "npm:1.0.0"\n    torn: "npm:1.0.0"\n  languageName: unknown\n  linkType: soft\n`,
    [archive('good')]: good,
    [archive('bomb')]: zipOf([{ name: 'node_modules/bomb/x.js', content: Buffer.from('x'), size: 0xfffffff0 }]),
    [archive('torn')]: good.subarray(0, good.length - 30),
    'node_modules/loop': '->other',
    'node_modules/other': '->loop',
    'own.js': 'needle of the project\n',
  });
  git(root, ['init', '-q']);
  git(root, ['add', '-A']);
  git(root, ['commit', '-qm', 'all']);
});
afterAll(() => served.close());

describe('packages that cannot be read are left out, and told of', () => {
  const options = { pattern: 'needle', deps: ['*'] };

  test('in an answer over HTTP, also of a view', async () => {
    for (const repo of [root, JSON.stringify([root])]) {
      const { status, text } = await post(served, 'grep', { repo, ...options });
      expect(status).toBe(200);
      const answer = JSON.parse(text) as { lines: { text: string }[]; unsearched: object[] };
      expect(answer.lines.map((line) => line.text)).toEqual(['needle in good']);
      expect(answer.unsearched).toMatchObject([
        { package: 'bomb', version: '1.0.0', reason: 'unreadable' },
        { package: 'torn', version: '1.0.0', reason: 'unreadable' },
      ]);
    }
    const { text } = await post(served, 'search', { repo: root, query: 'needle', withDeps: true });
    const { notes } = JSON.parse(text) as { notes: string[] };
    expect(notes).toEqual(['cannot be read, and is not searched: bomb@1.0.0, torn@1.0.0']);
    const alone = await post(served, 'grep', { repo: root, pattern: 'needle', deps: ['bomb'] });
    expect(alone.text).toMatch(/"code":"NO_DEPENDENCIES".*\(bomb@1\.0\.0: [^)]*cannot be read/);
  });

  test('below the lines of a command, and by status with the reason', async () => {
    const coppice = (...words: string[]): ReturnType<typeof runCli> =>
      runCli(words, { engine: borrowedEngine(served.engines.open(root)), cwd: root });
    const { stdout, stderr, code } = await coppice('grep', 'needle', '--deps=');
    expect([code, stdout.split(':').at(-1)]).toEqual([0, 'needle in good\n']);
    expect(stderr.match(/not searched: \S+(?:bomb|torn)\S*: the package cannot be read/g)).toHaveLength(2);
    const { repositories } = await served.engines.open(root).status();
    const { skipped } = repositories.find(({ packages }) => packages !== undefined)!.packages!;
    expect(skipped.map(({ what }) => what).sort()).toEqual([
      'bomb@1.0.0',
      'node_modules/loop',
      'node_modules/other',
      'torn@1.0.0',
    ]);
  });

  test('to an agent', async () => {
    const client = await connect(served.engines, root);
    const { text, data } = await call(client, 'grep', { pattern: 'needle', deps: ['*'] });
    expect(text).toContain('needle in good');
    expect(JSON.stringify(data)).toContain('bomb');
  });
});
