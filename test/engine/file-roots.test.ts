import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { grepRev } from '../../src/engine/answers/grep.js';
import { searchRev } from '../../src/engine/answers/search.js';
import { Sessions } from '../../src/engine/session/sessions.js';
import { SharedStore } from '../../src/engine/shared/shared-store.js';
import { storeFiles } from '../../src/engine/trees/file-root.js';
import type { FileSet } from '../../src/engine/trees/file-root.js';
import { RepositoryMember } from '../../src/engine/views/repository-member.js';
import type { ViewMember } from '../../src/engine/views/view-member.js';
import { ViewScope } from '../../src/engine/views/view-scope.js';
import { collectBatches } from '../../src/base/index.js';
import { hashBlob } from '../../src/git/index.js';
import { makeFolder, makeRepository } from '../support/git.js';

const opened: SharedStore[] = [];
afterEach(async () => {
  for (const shared of opened.splice(0)) await shared.close();
});

function openShared(): SharedStore {
  const shared = new SharedStore({
    storePath: join(makeFolder(), 'store'),
    workers: 0,
    workerUrl: new URL('about:blank'),
    lockTimeoutMs: 1000,
    offThread: false,
  });
  opened.push(shared);
  return shared;
}

/** Files in memory, as an archive has them. */
function fileSet(files: Record<string, string>, executable = ''): FileSet & { reads: number } {
  return {
    reads: 0,
    paths: () => Promise.resolve(Object.keys(files)),
    read(path, maxBytes) {
      this.reads++;
      const text = files[path];
      if (text === undefined) return Promise.resolve(null);
      const content = Buffer.from(text);
      const kind = path === executable ? 'executable' : 'file';
      const kept = content.length <= maxBytes ? content : null;
      return Promise.resolve({ kind, oid: hashBlob(content), size: content.length, content: kept });
    },
  };
}

const packed = {
  'index.js': 'exports.answer = 42;\n',
  'lib/util.js': 'exports.util = () => 42;\n',
  'bin/run': '#!/bin/sh\n',
};

describe('files that are in no repository', () => {
  test('become the tree that git would make of them, once', async () => {
    const shared = openShared();
    const repository = makeRepository();
    repository.commit({ ...packed, 'bin/run': { executable: packed['bin/run'] } });
    const root = await storeFiles(shared, fileSet(packed, 'bin/run'), {});
    expect(root.oid).toBe(repository.git('rev-parse', 'HEAD^{tree}').trim());
    expect(root.added.newFiles).toBe(3);
    const again = await storeFiles(shared, fileSet(packed, 'bin/run'), {});
    expect(again).toMatchObject({ id: root.id, oid: root.oid, added: { newFiles: 0 } });
    const more = await storeFiles(shared, fileSet({ ...packed, 'new.js': 'let x;\n' }, 'bin/run'), {});
    expect(more.added.newFiles).toBe(1);
  });

  test('are refused with paths that lead out, and read anew when they change meanwhile', async () => {
    const shared = openShared();
    for (const path of ['../x', '/x', 'a//b', '.git/config', 'a/../b', ''])
      await expect(storeFiles(shared, fileSet({ [path]: 'x' }), {})).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    const files = { 'a.txt': 'before\n', 'b.txt': 'b\n' };
    const set = fileSet(files);
    const changing: FileSet = {
      paths: set.paths,
      // Its content is not kept, so that it is read a second time when it is indexed.
      read: async (path, maxBytes) => {
        const file = await set.read(path, maxBytes);
        if (path !== 'a.txt' || files['a.txt'] !== 'before\n') return file;
        files['a.txt'] = 'after\n';
        return { ...file!, content: null };
      },
    };
    const { id, oid } = await storeFiles(shared, changing, {});
    const snapshot = await shared.snapshots.open(id);
    expect(snapshot.fileAt('a.txt')!.record.oid).toBe(hashBlob(Buffer.from('after\n')));
    snapshot.release();
    expect((await storeFiles(shared, set, {})).oid).toBe(oid);
  });

  test('are searched in a view beside a repository, under their own labels', async () => {
    const shared = openShared();
    const repository = makeRepository({ name: 'app' });
    repository.commit({ 'main.js': "const { answer } = require('thing');\n" });
    const session = await new Sessions(shared).open(repository.path);
    const member: ViewMember = {
      repository: null,
      roots: async (_rev, call) => {
        const { id, oid } = await storeFiles(shared, fileSet(packed), call);
        const rev = { rev: '1.2.3', kind: 'tree' as const, commit: null, tree: oid };
        const labels = { package: 'thing', version: '1.2.3', direct: true };
        const freshness = (): Promise<'exact'> => Promise.resolve('exact');
        return [{ mount: 'node_modules/thing@1.2.3', tree: id, rev, labels, session: null, freshness }];
      },
      locate: () => null,
      release: () => undefined,
    };
    const own = new RepositoryMember({ session, mount: 'app', rev: 'HEAD' });
    const view = new ViewScope(shared, 'app with packages', [own, member]);
    const { items } = await collectBatches(grepRev(view, 'answer', {}));
    expect(items.map(({ repo, path, package: name, version, direct }) => [repo, path, name, version, direct])).toEqual([
      ['app', 'main.js', undefined, undefined, undefined],
      ['node_modules/thing@1.2.3', 'index.js', 'thing', '1.2.3', true],
    ]);
    const { hits } = await searchRev(view, 'util', {});
    expect(hits[0]).toMatchObject({ path: 'lib/util.js', package: 'thing', rev: '1.2.3', freshness: 'exact' });
    view.release();
  });
});
