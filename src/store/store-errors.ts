import { CoppiceError, exhaustedError, isExhausted, systemErrorCode } from '../base/index.js';

/** What a failed system call on the store's folder means to a user. Coppice errors pass through. */
export function asStoreError(error: unknown, path: string): CoppiceError {
  if (error instanceof CoppiceError) return error;
  const code = systemErrorCode(error);
  switch (code) {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new CoppiceError('STORE_READ_ONLY', `the store cannot be written: ${path} (${code})`, {
        hint: 'choose another folder with --store or $COPPICE_HOME, or change its permissions',
        cause: error,
      });
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new CoppiceError('STORE_FULL', `no space is left for the store: ${path} (${code})`, {
        hint: 'nothing that was indexed is lost; free some space or run `coppice gc`, then run the command again',
        cause: error,
      });
    case 'ENOENT':
      return new CoppiceError('STORE_CORRUPT', `the store's file ${path} is missing`, {
        hint: 'run the command again; if it fails again, run `coppice doctor --repair`',
        data: { file: path },
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return new CoppiceError('NOT_A_STORE', `there is no store at ${path}, and none can be made there (${code})`, {
        hint: 'give --store a folder that is empty or does not exist yet',
        cause: error,
      });
    default:
      if (isExhausted(error)) return exhaustedError(`the store's file ${path} cannot be opened`, error);
      return new CoppiceError('INTERNAL', `the store's file ${path} failed: ${String(error)}`, { cause: error });
  }
}
