import { CoppiceError } from '../base/index.js';

/** The daemon takes no more requests, and ends those that can be asked again. */
export const aboutToEnd = (): CoppiceError =>
  new CoppiceError('SERVER_BUSY', 'the daemon is about to end', {
    hint: 'ask again: the next command starts another',
  });
