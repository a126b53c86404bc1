/** Characters that HFS+ leaves out when it compares names. */
const ignoredByHfs = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** `.git` in any spelling that some file system takes for it: in capitals, as a short name, with dots, spaces or a stream after it. */
export function isDotGit(name: string): boolean {
  return /^(?:\.git|git~1)(?:[. ]*|[. ]*:.*)$/is.test(name.replace(ignoredByHfs, ''));
}
