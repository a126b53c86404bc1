import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SymbolInformation } from 'vscode-languageserver/node';
import type { Engine, Engines } from '../../src/engine/index.js';
import { makeFolder, makeRepository } from '../support/git.js';
import type { TestRepository } from '../support/git.js';
import { Editor, uriOf } from './support/editor.js';

const onDisk = 'export const saved = 1;\n';

function sample(): TestRepository {
  const repository = makeRepository();
  repository.commit({ 'a.ts': onDisk, '.gitignore': 'out/\n' });
  return repository;
}

/** Counts what is asked of the engines about overlays, and lets a test lose them as a daemon that restarts does. */
class Watched {
  readonly calls: string[] = [];
  private readonly engines: Engine[] = [];

  readonly wrap = (engines: Engines): Engines => {
    const open = engines.open.bind(engines);
    return Object.assign(engines, {
      open: (repo: string): Engine => {
        const engine = open(repo);
        const [put, drop] = [engine.putOverlay.bind(engine), engine.dropOverlay.bind(engine)];
        this.engines.push(engine);
        return Object.assign(engine, {
          putOverlay: (...args: Parameters<Engine['putOverlay']>) => {
            this.calls.push(`put ${args[1].map(({ path }) => path).join(' ')}`);
            this.lose = () => drop(args[0]);
            return put(...args);
          },
          dropOverlay: (id: string) => {
            this.calls.push('drop');
            return drop(id);
          },
        });
      },
    });
  };

  lose: () => Promise<void> = () => Promise.resolve();
}

async function start(repository: TestRepository, folder = repository.path) {
  const watched = new Watched();
  const editor = new Editor({ wrap: watched.wrap });
  await editor.initialize([folder]);
  const find = async (query: string): Promise<string[]> =>
    (await editor.request<SymbolInformation[]>('workspace/symbol', { query })).map(({ name }) => name);
  return { editor, find, calls: watched.calls, watched, uri: `${uriOf(folder)}/a.ts` };
}

describe('an open document', () => {
  test('counts as it is in the editor, from its first change until it is saved or closed', async () => {
    const repository = sample();
    const { editor, find, calls, uri } = await start(repository);
    await editor.open(uri, onDisk);
    expect(await find('saved')).toEqual(['saved']);
    expect(calls).toEqual([]);

    await editor.change(uri, {
      range: { start: { line: 0, character: 13 }, end: { line: 0, character: 18 } },
      text: 'edited',
    });
    expect(await find('edited')).toEqual(['edited']);
    expect(await find('saved')).toEqual([]);
    expect(calls).toEqual(['put a.ts']);

    repository.write('a.ts', 'export const edited = 1;\n');
    expect(await find('edited')).toEqual(['edited']);
    expect(calls).toEqual(['put a.ts', 'drop']);

    await editor.change(uri, { text: 'export const discarded = 1;\n' });
    expect(await find('discarded')).toEqual(['discarded']);
    await editor.close(uri);
    expect(await find('discarded')).toEqual([]);
    expect(await find('edited')).toEqual(['edited']);
  });

  test('counts in searches without a rev, and in those of a rev does not', async () => {
    const { editor, uri } = await start(sample());
    await editor.open(uri, 'export const buffered = 1;\n');
    const lines = async (rev?: string) => {
      const argument = { pattern: 'const', ...(rev === undefined ? {} : { rev }) };
      return (await editor.command<{ lines: { text: string }[] }>('coppice.grep', argument)).lines.map(
        ({ text }) => text,
      );
    };
    expect(await lines()).toEqual(['export const buffered = 1;']);
    expect(await lines('@worktree')).toEqual(['export const saved = 1;']);
    expect(await lines('HEAD')).toEqual(['export const saved = 1;']);
    const { hits } = await editor.command<{ hits: { text: string; freshness: string }[] }>('coppice.search', {
      query: 'buffered',
    });
    expect(hits).toMatchObject([{ text: 'export const buffered = 1;\n', freshness: 'live' }]);
  });

  test('counts when it is new, and while the disk changes below', async () => {
    const repository = sample();
    const { editor, find } = await start(repository);
    await editor.open(uriOf(`${repository.path}/new folder/ü.ts`), 'export const unsaved = 1;\n');
    expect(await find('unsaved')).toEqual(['unsaved']);
    repository.write('b.ts', 'export const elsewhere = 1;\n');
    expect(await find('elsewhere')).toEqual(['elsewhere']);
    expect(await find('unsaved')).toEqual(['unsaved']);
  });

  test('is the file that a symbolic link leads to', async () => {
    const repository = sample();
    const link = join(makeFolder(), 'link');
    symlinkSync(repository.path, link);
    const { editor, find, uri } = await start(repository, link);
    await editor.open(uri, 'export const linked = 1;\n');
    expect(await find('linked')).toEqual(['linked']);
    expect(await find('saved')).toEqual([]);
  });

  test('with a byte order mark on disk is the same without', async () => {
    const repository = sample();
    repository.write('a.ts', `\ufeff${onDisk}`);
    const { editor, find, calls, uri } = await start(repository);
    await editor.open(uri, onDisk);
    expect(await find('saved')).toEqual(['saved']);
    expect(calls).toEqual([]);
  });
});

test('what is not part of the repository is left alone', async () => {
  const repository = sample();
  repository.write('out/x.ts', 'export const built = 1;\n');
  repository.write('nested/y.ts', 'export const inner = 1;\n');
  const { editor, find, calls } = await start(repository);
  const { path } = repository;
  repository.git('init', '-q', '--template=', 'nested');
  const uris = ['untitled:1', 'file:///%', 'git:/a.ts', uriOf(path), uriOf(join(makeFolder(), 'z.ts'))];
  for (const file of ['out/x.ts', 'nested/y.ts', '.git/COMMIT_EDITMSG']) uris.push(uriOf(join(path, file)));
  for (const uri of uris) await editor.open(uri, 'export const foreign = 1;\n');
  expect(await find('foreign')).toEqual([]);
  expect(await find('saved')).toEqual(['saved']);
  expect(calls).toEqual([]);
});

describe('the overlay', () => {
  test('is put once for any number of queries, and again when a buffer changed', async () => {
    const { editor, find, calls, uri } = await start(sample());
    await editor.open(uri, 'export const buffered = 1;\n');
    await Promise.all([find('buffered'), find('buffered'), find('saved')]);
    await find('buffered');
    expect(calls).toEqual(['put a.ts']);
    await editor.change(uri, { text: 'export const other = 1;\n' });
    expect(await Promise.all([find('other'), find('buffered')])).toEqual([['other'], []]);
    expect(calls).toEqual(['put a.ts', 'put a.ts']);
  });

  test('is put again when it was lost', async () => {
    const { editor, find, calls, watched, uri } = await start(sample());
    await editor.open(uri, 'export const buffered = 1;\n');
    expect(await find('buffered')).toEqual(['buffered']);
    await watched.lose();
    expect(await Promise.all([find('buffered'), find('saved')])).toEqual([['buffered'], []]);
    await watched.lose();
    await editor.close(uri);
    expect(await find('saved')).toEqual(['saved']);
    expect(calls.filter((call) => call !== 'drop').length).toBeGreaterThanOrEqual(2);
  });

  test('is dropped at the end, lost or not', async () => {
    for (const lost of [false, true]) {
      const { editor, find, calls, watched, uri } = await start(sample());
      await editor.open(uri, 'export const buffered = 1;\n');
      await find('buffered');
      if (lost) await watched.lose();
      expect(await editor.request('shutdown')).toBeNull();
      expect(calls).toEqual(['put a.ts', 'drop']);
      expect(editor.logged.filter((line) => line.includes('overlay'))).toEqual([]);
    }
  });

  test('a change that cannot be read makes the disk count again', async () => {
    const { editor, find, uri } = await start(sample());
    await editor.open(uri, 'export const buffered = 1;\n');
    expect(await find('buffered')).toEqual(['buffered']);
    await editor.change(uri, { text: 5 });
    expect(await find('buffered')).toEqual([]);
    await editor.open(uri, 'export const buffered = 1;\n');
    editor.sendBody('{"jsonrpc":');
    expect(await find('saved')).toEqual(['saved']);
  });
});
