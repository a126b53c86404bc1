import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnSync } from 'node:child_process';
import { distMain, ensureDist } from './dist.js';
import { DocumentWorld, isDone, pages, readPage, runnable } from './support/documents.js';

// What README and manual show and manual.test.ts cannot run in its own process (other repositories, packages, a server, the clone's
// own first command) is typed into a shell here, with a daemon. `npm run bench -- documents` types all of them.

let world: DocumentWorld;
beforeAll(async () => {
  ensureDist();
  world = await DocumentWorld.make();
}, 60_000);
afterAll(() => world.stop());

const elsewhere = /--repo|--all-repos|--deps|--with-deps|coppice (view|serve|push|pull|remote|tune)|^npm|^node|^curl/;
const lines = pages.flatMap((page) =>
  runnable(page)
    .flat()
    .filter((line) => elsewhere.test(line))
    .map((line) => [page, line] as const),
);

describe('a reader types', () => {
  test.each(lines)('%s: %s', (_, line) => {
    const done = world.run(line);
    expect(isDone(line, done), `exit code ${String(done.code)}\n${done.stderr}`).toBe(true);
  });

  test('enough for it to mean something', () => expect(lines.length).toBeGreaterThan(15));
});

test('the example of the library runs', () => {
  const [, code] = /^```ts\n(.*?)^```/ms.exec(readPage('src/manual/library.md'))!;
  const index = pathToFileURL(join(distMain, '../index.js')).href;
  const file = join(world.home, 'library.mjs');
  const typed = code!.replace("from 'coppice'", `from '${index}'`).replace('/path/to/repository', world.repository);
  writeFileSync(file, `${typed}\nconsole.log(lines.length, hits.length);\n`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: 'utf8',
    env: { ...process.env, COPPICE_HOME: join(world.home, 'library') },
  });
  expect({ status, stderr, stdout }).toEqual({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/^[1-9]\d* [1-9]\d*\n$/),
  });
});
