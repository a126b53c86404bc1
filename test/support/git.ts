import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encodeBytes } from '../../src/base/index.js';
import { asOid, type Oid } from '../../src/model/index.js';

/** What a path holds: text or bytes, or one of git's other kinds of entry; null removes it. */
export type FileContent =
  | string
  | Uint8Array
  | null
  | { readonly executable: string | Uint8Array }
  | { readonly symlink: string }
  | { readonly submodule: string };

/** Paths with `/`; bytes that are not UTF-8 as lone surrogates, as everywhere in Coppice. */
export type Files = Readonly<Record<string, FileContent>>;

export interface CommitSpec {
  /** Changes against the parent, or the whole tree with `replace`. */
  readonly files?: Files;
  readonly replace?: boolean;
  /** Short name. Default: the branch that is checked out. */
  readonly branch?: string;
  /** Default: the tip of the branch. Several for a merge, none (`[]`) for a new root; `:N` is the Nth commit of the call. */
  readonly parents?: readonly string[];
  readonly message?: string;
  /** Seconds since 1970. Default: a minute after the previous commit. */
  readonly time?: number;
}

export interface RepositoryOptions {
  readonly bare?: boolean;
  readonly objectFormat?: 'sha1' | 'sha256';
  /** Name of the folder. Default `repo`. */
  readonly name?: string;
}

const isolated: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '1700000000 +0000',
  LC_ALL: 'C',
};

const madeFolders: string[] = [];
process.on('exit', () => {
  for (const folder of madeFolders) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder that goes away when the tests end. */
export function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coppice-test-')));
  madeFolders.push(folder);
  return folder;
}

/** Runs git in a folder, isolated from the user's configuration, and returns what it prints without the last newline. */
export function git(
  folder: string,
  args: readonly string[],
  input: string | Uint8Array = '',
  env: Readonly<Record<string, string>> = {},
): string {
  const output = execFileSync('git', args, {
    cwd: folder,
    env: { ...isolated, ...env },
    input,
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return output.toString('utf8').replace(/\n$/, '');
}

/** A repository to test against, made with fixed names and times: the same steps always give the same oids. */
export class TestRepository {
  /** The work tree, or the repository itself when bare. */
  readonly path: string;
  readonly gitDir: string;
  private clock = 1_700_000_000;

  constructor(
    path: string,
    private readonly bare: boolean,
  ) {
    this.path = path;
    this.gitDir = bare ? path : join(path, '.git');
  }

  git(...args: string[]): string {
    return git(this.path, args);
  }

  /** Commits changes, and checks them out where their branch is checked out (losing uncommitted changes). */
  commit(files: Files, spec: Omit<CommitSpec, 'files'> = {}): Oid {
    return this.commits([{ ...spec, files }])[0]!;
  }

  /** Many commits in one process. Work tree files are written once, at the end. */
  commits(specs: readonly CommitSpec[]): Oid[] {
    const current = this.currentBranch();
    const parts: Buffer[] = [];
    const say = (text: string): void => void parts.push(Buffer.from(text));
    const sayData = (content: string | Uint8Array): void => {
      const bytes = typeof content === 'string' ? encodeBytes(content) : Buffer.from(content);
      parts.push(Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n'));
    };
    const tips = new Map<string, string | null>();
    const tipOf = (branch: string): string | null => {
      const known = tips.get(branch);
      if (known !== undefined) return known;
      const exists = this.git('for-each-ref', '--format=x', `refs/heads/${branch}`) !== '';
      return exists ? `refs/heads/${branch}^0` : null;
    };
    specs.forEach((spec, i) => {
      const branch = spec.branch ?? current;
      if (branch === null) throw new Error('HEAD is detached: name a branch');
      const time = spec.time ?? (this.clock += 60);
      const who = `Ada <ada@example.org> ${time} +0000\n`;
      const tip = tipOf(branch);
      const parents = spec.parents ?? (tip === null ? [] : [tip]);
      // Built on a ref of its own, so that parents are exactly those asked for, whatever the branch is at.
      say(`reset refs/coppice/new\ncommit refs/coppice/new\nmark :${i + 1}\nauthor ${who}committer ${who}`);
      sayData(spec.message ?? `commit ${i + 1}\n`);
      parents.forEach((parent, n) => say(`${n === 0 ? 'from' : 'merge'} ${parent}\n`));
      if (spec.replace) say('deleteall\n');
      for (const [path, content] of Object.entries(spec.files ?? {})) sayFile(quoted(path), content);
      say(`\nreset refs/heads/${branch}\nfrom :${i + 1}\n\nget-mark :${i + 1}\n`);
      tips.set(branch, `:${i + 1}`);
    });
    function sayFile(path: string, content: FileContent): void {
      if (content === null) return say(`D ${path}\n`);
      if (typeof content === 'string' || content instanceof Uint8Array) say(`M 100644 inline ${path}\n`);
      else if ('submodule' in content) return say(`M 160000 ${content.submodule} ${path}\n`);
      else say(`M ${'symlink' in content ? '120000' : '100755'} inline ${path}\n`);
      if (typeof content === 'string' || content instanceof Uint8Array) sayData(content);
      else sayData('symlink' in content ? content.symlink : content.executable);
    }
    const args = ['fast-import', '--quiet', '--force', '--date-format=raw'];
    const oids = git(this.path, args, Buffer.concat(parts)).split('\n').map(asOid);
    this.git('update-ref', '-d', 'refs/coppice/new');
    if (!this.bare && specs.some((spec) => (spec.branch ?? current) === current)) this.git('reset', '-q', '--hard');
    return oids;
  }

  /** Null when HEAD is detached. */
  currentBranch(): string | null {
    try {
      return this.git('symbolic-ref', '--quiet', '--short', 'HEAD');
    } catch {
      return null;
    }
  }

  branch(name: string, at = 'HEAD'): void {
    this.git('update-ref', `refs/heads/${name}`, at);
  }

  /** Annotated when it has a message. */
  tag(name: string, at = 'HEAD', message?: string): void {
    if (message === undefined) this.git('update-ref', `refs/tags/${name}`, at);
    else this.git('tag', '-a', '-m', message, '--end-of-options', name, at);
  }

  checkout(rev: string): void {
    this.git('checkout', '-q', rev, '--');
  }

  /** Writes a file of the work tree without telling git. */
  write(path: string, content: string | Uint8Array): void {
    const file = this.file(path);
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(file, content);
  }

  symlink(path: string, target: string): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    symlinkSync(target, this.file(path));
  }

  remove(path: string): void {
    rmSync(this.file(path), { recursive: true });
  }

  /** Bytes of a work tree path, for names that are not UTF-8. */
  file(path: string): Buffer {
    return encodeBytes(`${this.path}/${path}`);
  }

  revParse(rev: string): Oid {
    return asOid(this.git('rev-parse', '--verify', '--end-of-options', rev));
  }
}

/** An empty repository on branch `main`. */
export function makeRepository(options: RepositoryOptions = {}): TestRepository {
  const path = join(makeFolder(), options.name ?? 'repo');
  mkdirSync(path);
  const args = ['init', '-q', '--template=', '-b', 'main', `--object-format=${options.objectFormat ?? 'sha1'}`];
  git(path, options.bare ? [...args, '--bare'] : args);
  return new TestRepository(path, options.bare ?? false);
}

/** A path as fast-import takes it: quoted, with every unusual byte in octal. */
function quoted(path: string): string {
  let text = '"';
  for (const byte of encodeBytes(path)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `${text}"`;
}
