/** What long work is at. */
export type WorkPhase = 'git' | 'index' | 'merge' | 'gc' | 'verify';

/** The same for people. */
export const phaseNames: Readonly<Record<WorkPhase, string>> = {
  git: 'reading git',
  index: 'indexing',
  merge: 'merging',
  gc: 'reclaiming',
  verify: 'verifying',
};
