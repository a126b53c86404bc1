import type { WorkspaceRepository } from './workspace-repository.js';

export interface Answer<T> {
  readonly repository: WorkspaceRepository;
  readonly value: T;
}

export interface Failure {
  readonly repository: WorkspaceRepository;
  readonly error: unknown;
}

/**
 * Asks several repositories the same. One that fails (it has no such rev, say) does not keep the others from answering; when
 * all fail, the first failure is thrown.
 */
export async function askEach<T>(
  repositories: readonly WorkspaceRepository[],
  ask: (repository: WorkspaceRepository) => Promise<T>,
): Promise<{ answers: Answer<T>[]; failures: Failure[] }> {
  const answers: Answer<T>[] = [];
  const failures: Failure[] = [];
  const settled = await Promise.allSettled(repositories.map(ask));
  settled.forEach((result, i) => {
    const repository = repositories[i]!;
    if (result.status === 'fulfilled') answers.push({ repository, value: result.value });
    else failures.push({ repository, error: result.reason });
  });
  if (answers.length === 0 && failures.length > 0) throw failures[0]!.error;
  return { answers, failures };
}
