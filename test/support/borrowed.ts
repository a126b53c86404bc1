import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { git } from './git.js';

export interface BorrowedRef {
  /** `refs/heads/main`. */
  readonly name: string;
  readonly oid: string;
  /** Of an annotated tag the object that it leads to, else null. */
  readonly peeled: string | null;
}

/**
 * A temporary bare repository with the objects of another one and refs of its own: what is done here never touches the
 * other. With `allRefs` each ref that leads to a commit is a branch here: `refs/pull/7/head` is `pull-7`.
 */
export class BorrowedRepository {
  /** The refs it began with, by name. */
  readonly refs: readonly BorrowedRef[];

  constructor(
    readonly path: string,
    origin: string,
    options: { readonly allRefs: boolean },
  ) {
    const format = git(origin, ['rev-parse', '--show-object-format']);
    git(origin, ['init', '-q', '--bare', '--template=', `--object-format=${format}`, path]);
    const placeOf = (name: string): string => resolve(origin, git(origin, ['rev-parse', '--git-path', name]));
    writeFileSync(join(path, 'objects/info/alternates'), `${placeOf('objects')}\n`);
    if (existsSync(placeOf('shallow'))) copyFileSync(placeOf('shallow'), join(path, 'shallow'));
    this.refs = listRefs(origin, options.allRefs);
    this.writeRefs(this.refs);
    writeFileSync(join(path, 'HEAD'), headOf(origin, this.refs));
  }

  /** The branch that HEAD is, by its full name; null when HEAD is detached. */
  get headBranch(): string | null {
    return /^ref: (.*)$/m.exec(readFileSync(join(this.path, 'HEAD'), 'utf8'))?.[1] ?? null;
  }

  /** From now on there are these refs and no others (but HEAD). */
  writeRefs(refs: readonly BorrowedRef[]): void {
    const lines = [...refs]
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
      .map(({ name, oid, peeled }) => `${oid} ${name}\n${peeled === null ? '' : `^${peeled}\n`}`);
    writeFileSync(join(this.path, 'packed-refs'), `# pack-refs with: peeled fully-peeled sorted \n${lines.join('')}`);
  }

  git(...args: string[]): string {
    return git(this.path, args);
  }

  /** Every commit that refs and HEAD reach, newest first. */
  commits(): string[] {
    return this.git('rev-list', '--all', 'HEAD').split('\n');
  }
}

function listRefs(origin: string, all: boolean): BorrowedRef[] {
  const fields = ['refname', 'objectname', 'objecttype', '*objectname', '*objecttype', 'symref'];
  const format = `--format=${fields.map((field) => `%(${field})`).join('%00')}`;
  const refs: BorrowedRef[] = [];
  const taken = new Set<string>();
  const listed = git(origin, ['for-each-ref', format])
    .split('\n')
    .filter((line) => line !== '');
  // Branches and tags first: they keep their names.
  const isOwn = (line: string): boolean => /^refs\/(?:heads|tags)\//.test(line);
  for (const line of [...listed.filter(isOwn), ...(all ? listed.filter((other) => !isOwn(other)) : [])]) {
    const [name = '', oid = '', type, peeled = '', peeledType, symref] = line.split('\0');
    if (isOwn(line)) {
      refs.push({ name, oid, peeled: peeled === '' ? null : peeled });
      taken.add(name);
      continue;
    }
    const commit = type === 'commit' ? oid : peeledType === 'commit' ? peeled : null;
    if (commit === null || symref !== '') continue;
    let branch = branchName(name);
    while (taken.has(branch)) branch += '-';
    taken.add(branch);
    refs.push({ name: branch, oid: commit, peeled: null });
  }
  return refs;
}

/** `refs/pull/7/head` becomes `refs/heads/pull-7`, `refs/remotes/origin/next` `refs/heads/origin-next`. */
function branchName(name: string): string {
  const short = name.replace(/^refs\/(?:remotes\/)?/, '').replace(/^(pull\/\d+)\/head$/, '$1');
  return `refs/heads/${short.replaceAll('/', '-')}`;
}

function headOf(origin: string, refs: readonly BorrowedRef[]): string {
  const { status, stdout } = spawnSync('git', ['-C', origin, 'symbolic-ref', '-q', 'HEAD']);
  const target = stdout.toString().trim();
  if (status === 0 && refs.some(({ name }) => name === target)) return `ref: ${target}\n`;
  return `${git(origin, ['rev-parse', 'HEAD^{commit}'])}\n`;
}
