/** What long work is at. */
export type WorkPhase = 'git' | 'index' | 'embed' | 'merge' | 'gc' | 'verify' | 'describe' | 'push' | 'pull';

/** The same for people. */
export const phaseNames: Readonly<Record<WorkPhase, string>> = {
  git: 'reading git',
  index: 'indexing',
  embed: 'embedding',
  merge: 'merging',
  gc: 'reclaiming',
  verify: 'verifying',
  describe: 'describing',
  push: 'publishing',
  pull: 'taking',
};
