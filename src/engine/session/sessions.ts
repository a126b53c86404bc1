import { CoppiceError } from '../../base/index.js';
import { openRepository } from '../../git/index.js';
import { Session } from './session.js';
import type { SharedStore } from '../shared/shared-store.js';

/** The sessions of a process: one for each work tree or bare repository that is in use, by whatever path. */
export class Sessions {
  private readonly inUse = new Map<string, Session>();

  constructor(private readonly shared: SharedStore) {}

  /** The session of the repository around a path; to be released. NOT_A_REPOSITORY, UNSAFE_REPOSITORY. */
  async open(path: string): Promise<Session> {
    const repository = await openRepository(path);
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

  /** Ends processes that have nothing to do, and lets go what can be read again. */
  trim(): void {
    for (const { repository, worktree } of this.inUse.values()) {
      repository.trim();
      worktree.trim();
    }
  }
}

/** The repository around a path, whichever is there at the moment. */
export class RepositoryPlace {
  private current: Promise<Session> | null = null;
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | null = null;

  constructor(
    private readonly sessions: Sessions,
    private readonly path: string,
  ) {}

  /** Runs an action on the repository's session. */
  run<T>(action: (session: Session) => Promise<T>): Promise<T> {
    return this.track(this.hold().then((session) => using(session, action)));
  }

  /** As `run`, for an action that can do without a repository. */
  runAnywhere<T>(action: (session: Session | null) => Promise<T>): Promise<T> {
    const holding = this.hold().catch((error: unknown) => {
      if (this.closing !== null) throw error;
      return null;
    });
    return this.track(holding.then((session) => (session === null ? action(null) : using(session, action))));
  }

  /** As `run`, for an action with many results, and one at the end. */
  async *stream<T, R = void>(
    action: (session: Session) => AsyncGenerator<T, R, undefined>,
  ): AsyncGenerator<T, R, undefined> {
    let end = (): void => undefined;
    void this.track(new Promise<void>((resolve) => (end = resolve)));
    try {
      const session = await this.hold();
      try {
        return yield* action(session);
      } finally {
        session.release();
      }
    } finally {
      end();
    }
  }

  /** Begins nothing any more, waits for what is under way, and lets the session go. */
  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    await Promise.allSettled(this.underWay);
    const session = await this.current?.catch(() => null);
    session?.release();
  }

  private track<T>(call: Promise<T>): Promise<T> {
    this.underWay.add(call);
    const forget = (): boolean => this.underWay.delete(call);
    call.then(forget, forget);
    return call;
  }

  /** The session, opened when it is first needed, and anew once the repository was replaced; to be released. */
  private async hold(): Promise<Session> {
    for (;;) {
      if (this.closing !== null) throw new CoppiceError('INTERNAL', 'the engine was closed');
      const opening = (this.current ??= this.sessions.open(this.path));
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
}

async function using<T>(session: Session, action: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await action(session);
  } finally {
    session.release();
  }
}
