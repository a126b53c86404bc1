import type { WorkspaceFolder } from 'vscode-languageserver/node';
import type { Engines } from '../../engine/index.js';
import type { Client } from '../messages/client.js';
import { pathOfUri, uriOfPath } from '../documents/file-uri.js';
import type { OpenDocuments } from '../documents/open-documents.js';
import { folderAt, pathBelow, placeOf, rootAsSeenFrom } from '../documents/repository-place.js';
import { WorkspaceRepository } from './workspace-repository.js';

/** The folders of the workspace, and the repositories around them: several folders may lie in one. */
export class Workspace {
  private readonly repositoryOfFolder = new Map<string, WorkspaceRepository>();
  private readonly leaving = new Set<Promise<void>>();
  private changes: Promise<void> = Promise.resolve();

  constructor(
    private readonly engines: Engines,
    private readonly documents: OpenDocuments,
    private readonly client: Client,
  ) {}

  /** Takes effect before anything that is asked later. */
  change(added: readonly Pick<WorkspaceFolder, 'uri'>[], removed: readonly Pick<WorkspaceFolder, 'uri'>[] = []): void {
    this.changes = this.changes
      .then(async () => {
        const before = this.distinct();
        for (const { uri } of removed) this.repositoryOfFolder.delete(uri);
        for (const { uri } of added) await this.add(uri);
        const after = new Set(this.distinct());
        for (const repository of before) if (!after.has(repository)) this.leave(repository);
      })
      .catch((error: unknown) => this.client.error(`workspace folders: ${(error as Error).message}`));
  }

  async repositories(): Promise<readonly WorkspaceRepository[]> {
    await this.changes;
    return this.distinct();
  }

  /** The repository that a file or folder lies in, and its path there; null when it is none of the workspace's. */
  async locate(uri: string): Promise<{ repository: WorkspaceRepository; path: string } | null> {
    const file = pathOfUri(uri);
    if (file === null) return null;
    const all = await this.repositories();
    const place = await placeOf(file);
    const own = all.find(({ root }) => root === place?.root);
    if (own !== undefined) return { repository: own, path: place!.path };
    // The innermost of the folders without git.
    const plain = all.filter(({ isPlain }) => isPlain).sort((a, b) => b.root.length - a.root.length);
    for (const repository of plain) {
      const path = await pathBelow(repository.root, file);
      if (path !== null) return { repository, path };
    }
    return null;
  }

  async close(): Promise<void> {
    for (const repository of await this.repositories()) this.leave(repository);
    this.repositoryOfFolder.clear();
    await Promise.all(this.leaving);
  }

  /** Not waited for: what is still asked there may take long, and concerns no other repository. */
  private leave(repository: WorkspaceRepository): void {
    const left = repository
      .close()
      .catch((error: unknown) => this.client.error(`${repository.shownRoot}: ${(error as Error).message}`))
      .finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  private async add(uri: string): Promise<void> {
    const folder = pathOfUri(uri);
    const around = folder === null ? null : await placeOf(folder);
    const alone = folder === null || around !== null ? null : await folderAt(folder);
    const place = around ?? (alone === null ? null : { root: alone, path: '' });
    if (folder === null || place === null) {
      this.client.warn(`${uri} is no folder of this machine that can be searched`);
      return;
    }
    let repository = this.distinct().find(({ root }) => root === place.root);
    if (repository === undefined) {
      const shownRoot = await rootAsSeenFrom(folder, place);
      repository = new WorkspaceRepository(
        this.engines.open(place.root),
        place.root,
        shownRoot,
        this.documents,
        around === null,
      );
      const rootUri = uriOfPath(shownRoot, '');
      if (rootUri.replace(/\/$/, '') !== uri.replace(/\/$/, ''))
        this.client.log(`${uri} is searched as part of ${rootUri}`);
    }
    this.repositoryOfFolder.set(uri, repository);
  }

  private distinct(): WorkspaceRepository[] {
    return [...new Set(this.repositoryOfFolder.values())];
  }
}
