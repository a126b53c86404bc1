import { CoppiceError } from '../../base/index.js';
import { isWide, openFolder, realPath } from '../../folder/index.js';
import { openRepository } from '../../git/index.js';
import type { Repository } from '../../git/index.js';
import { folderPrefix, pathIn } from '../../model/index.js';
import { Place } from './place.js';
import { Session } from './session.js';
import type { SharedStore } from '../shared/shared-store.js';

/** The sessions of a process: one for each work tree or bare repository that is in use, by whatever path. */
export class Sessions {
  private readonly inUse = new Map<string, Session>();

  constructor(private readonly shared: SharedStore) {}

  /**
   * The session of the repository around a path, or of that very folder where there is none; to be released. NOT_A_REPOSITORY,
   * UNSAFE_REPOSITORY, FOLDER_TOO_WIDE.
   */
  async open(place: string): Promise<Session> {
    const repository = await this.openRepository(place);
    const key = `${repository.gitDir}\0${repository.workTree ?? ''}`;
    const known = this.inUse.get(key);
    if (known?.isInPlace === true) {
      repository.close();
      return known.retain();
    }
    const session: Session = new Session(this.shared, repository, () => {
      if (this.inUse.get(key) === session) this.inUse.delete(key);
    });
    this.inUse.set(key, session);
    return session;
  }

  private async openRepository(place: string): Promise<Repository> {
    const path = pathIn(place);
    try {
      return await openRepository(path);
    } catch (error) {
      if (!(error instanceof CoppiceError) || error.data['isFolder'] !== true) throw error;
      const { store } = this.shared;
      const folder = realPath(path);
      const isKnown = (): boolean => [...store.catalog.repositories.values()].some((known) => known.path === folder);
      if (!place.startsWith(folderPrefix) && isWide(folder) && !isKnown())
        throw new CoppiceError('FOLDER_TOO_WIDE', `${path} is no repository, and all of your files lie in it`, {
          data: { path },
        });
      return openFolder(folder, [realPath(store.path)]);
    }
  }

  /** Ends processes that have nothing to do, and lets go what can be read again. */
  trim(): void {
    for (const { repository, worktree } of this.inUse.values()) {
      repository.trim();
      worktree.trim();
    }
  }
}

/** The repository around a path, whichever is there at the moment. */
export class RepositoryPlace extends Place<Session> {
  private current: Promise<Session> | null = null;

  constructor(
    private readonly sessions: Sessions,
    /** Where it is; asked whenever it is opened. */
    private readonly path: () => string,
  ) {
    super();
  }

  /** The session, opened when it is first needed, and anew once the repository was replaced. */
  protected async open(): Promise<Session> {
    for (;;) {
      const opening = (this.current ??= this.openHere());
      let session: Session;
      try {
        session = await opening;
      } catch (error) {
        if (this.current === opening) this.current = null;
        throw error;
      }
      if (session.isInPlace) return session.retain();
      if (this.current === opening) {
        this.current = null;
        session.release();
      }
    }
  }

  private async openHere(): Promise<Session> {
    return this.sessions.open(this.path());
  }

  protected async letGo(): Promise<void> {
    const session = await this.current?.catch(() => null);
    session?.release();
  }
}
