import { CoppiceError } from '../base/index.js';

/** The daemon takes no more requests, and ends those that can be asked again: whoever is told this asks another one. */
export const aboutToEnd = (): CoppiceError =>
  new CoppiceError('SERVER_BUSY', 'the daemon is about to end', {
    hint: 'ask again: the next command starts another',
    data: { ending: true },
  });

export const isAboutToEnd = (error: unknown): boolean =>
  error instanceof CoppiceError && error.code === 'SERVER_BUSY' && error.data['ending'] === true;
