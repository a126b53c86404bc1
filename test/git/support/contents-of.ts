import { dirname } from 'node:path';
import type { Repository, WorktreeChanges } from '../../../src/git/index.js';

/** What differs from HEAD, and how: a path that is told, and is as HEAD has it, makes no difference. */
export async function contentsOf(repo: Repository, changes: WorktreeChanges): Promise<Record<string, unknown>> {
  const contents: Record<string, unknown> = { head: changes.head, submodules: changes.submodulesSkipped };
  for (const { path, kind } of changes.changed) {
    const file = kind === null ? null : await repo.readWorktreeFile(path);
    const inHead = await repo.find(`${changes.head}:${dirname(path)}`).catch(() => null);
    const entry =
      inHead === null
        ? undefined
        : (await repo.readTree(inHead.tree)).find(({ name }) => path.endsWith(`/${name}`) || path === name);
    if (file?.oid === entry?.oid && file?.kind === entry?.kind) continue;
    contents[path] = file === null ? null : `${file.kind} ${file.oid}`;
  }
  return contents;
}
