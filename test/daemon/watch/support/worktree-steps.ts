import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Random } from '../../../crash/support/random.js';
import { git } from '../../../support/git.js';
import { RandomEdits } from './random-edits.js';

/** Files of the user's that decide what git ignores everywhere. */
export interface UserFolders {
  readonly home: string;
  readonly config: string;
}

/** Git as the user runs it, with the user's own configuration. */
export function userGit(root: string, { home, config }: UserFolders, ...args: string[]): string {
  return git(root, args, '', { HOME: home, XDG_CONFIG_HOME: config, GIT_CONFIG_GLOBAL: join(home, '.gitconfig') });
}

const swap = "tr 'a-zA-Z' 'n-za-mN-ZA-M'"; // a filter that keeps the length

/**
 * Changes a work tree, its repository and what lies around them in every way that may change what `@worktree` is: files, folders,
 * links, the index, HEAD, rules, attributes, conversions, nested repositories, replacements. The same seed makes the same changes.
 */
export class WorktreeSteps {
  private serial = 0;
  private readonly edits: RandomEdits;
  /** To choose from: whoever steps lists them now and then. Git refuses what is no longer one. */
  tracked: readonly string[] = [];

  constructor(
    private readonly root: string,
    private readonly user: UserFolders,
    private readonly random: Random,
  ) {
    this.edits = new RandomEdits(root, random);
    fs.mkdirSync(join(user.config, 'git'), { recursive: true });
    fs.writeFileSync(join(user.home, '.gitconfig'), '');
  }

  /** One step; what it did. Steps that git refuses count as well: they may leave something. */
  step(): string {
    const kinds = [
      () => this.edits.touchFile(),
      () => this.edits.touchFile(),
      () => this.writeText(),
      () => this.writeText(),
      () => this.edits.moveFolders(),
      () => this.editUnseen(),
      () => this.index(),
      () => this.index(),
      () => this.head(),
      () => this.rules(),
      () => this.userRules(),
      () => this.conversion(),
      () => this.nested(),
      () => this.nested(),
      () => this.replace(),
      () => this.link(),
      () => this.massRename(),
      () => this.setting(),
    ];
    try {
      return this.pick(kinds)();
    } catch (error) {
      return `refused: ${String(error).split('\n')[0]}`;
    }
  }

  private git(...args: string[]): string {
    userGit(this.root, this.user, ...args);
    return `git ${args.join(' ')}`;
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random(from.length)]!;
  }

  private folder(): string {
    const found = [this.root];
    for (const folder of found)
      for (const entry of fs.readdirSync(folder, { withFileTypes: true }))
        if (entry.isDirectory() && entry.name !== '.git') found.push(join(folder, entry.name));
    return this.pick(found);
  }

  private text(): string {
    const lines = Array.from({ length: this.random(4) }, () =>
      this.pick(['alpha', 'beta $Id$', '$Id: old $', 'ümlaut', 'x']),
    );
    return (
      lines.map((line) => line + this.pick(['\n', '\n', '\r\n'])).join('') + this.pick(['', `end ${this.random(9)}`])
    );
  }

  private writeText(): string {
    const file = join(this.folder(), this.pick(['a', 'b.txt', 'c.txt', 'd.id', 'e.rot', 'f.u16', 'debug.log']));
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true) return 'nothing';
    fs.writeFileSync(file, this.text());
    return `write ${file}`;
  }

  /** Another text of the same length with the old time: only the inode's own time tells. */
  private editUnseen(): string {
    const file = join(this.root, this.pick(this.tracked));
    const { atime, mtime, size } = fs.lstatSync(file);
    fs.writeFileSync(file, 'z'.repeat(size));
    fs.utimesSync(file, atime, mtime);
    return `edit with the same size and time ${file}`;
  }

  private index(): string {
    const path = this.pick(this.tracked);
    const file = join(this.root, path);
    switch (this.random(12)) {
      case 0:
        return this.git('add', '-A');
      case 1:
        return this.git('add', '-f', this.edits.touchFile().split(' ').at(-1)!);
      case 2:
        return this.git('rm', '-q', '--cached', '--', path);
      case 3:
        return this.git('update-index', '--skip-worktree', '--', path);
      case 4:
        return this.git('update-index', '--assume-unchanged', '--', path);
      case 5: {
        const flag = this.git('update-index', this.pick(['--skip-worktree', '--assume-unchanged']), '--', path);
        if (this.random(3) === 0) fs.rmSync(file);
        else fs.appendFileSync(file, 'unseen\n');
        return `${flag}, and edit`;
      }
      case 6:
        return this.git('update-index', this.pick(['--no-skip-worktree', '--no-assume-unchanged']), '--', path);
      case 7:
        fs.writeFileSync(file, this.text());
        return this.git('add', '-N', '--', path);
      case 8:
        return this.git('update-index', '--refresh');
      case 9:
        return this.git('update-index', '--index-version', this.pick(['2', '3', '4']));
      case 10:
        return this.git('update-index', this.pick(['--split-index', '--no-split-index']));
      default:
        return this.git('reset', '-q', this.pick(['--mixed', '--hard']));
    }
  }

  private head(): string {
    switch (this.random(8)) {
      case 0:
      case 1:
        return this.git('commit', '-qam', `${++this.serial}`, '--allow-empty');
      case 2:
        return this.git('checkout', '-qf', this.pick(['main', 'other', 'HEAD~1']));
      case 3:
        return this.git('branch', '-f', 'other');
      case 4:
        return this.git('stash', '-q', this.pick(['--include-untracked', '--keep-index']));
      case 5:
        return this.git('stash', 'pop', '-q');
      case 6:
        return this.git('merge', '-q', '-m', 'merge', 'other');
      default:
        return this.git('checkout', '-q', 'HEAD', '--', '.');
    }
  }

  private pattern(): string {
    return this.pick(['*.log', '*.txt', 'a', '/f*/', 'b/', '!b.txt', '', 'x/', '*.id']) + '\n';
  }

  private rules(): string {
    const file = this.pick([
      join(this.folder(), '.gitignore'),
      join(this.root, '.gitignore'),
      this.gitFile('info/exclude'),
    ]);
    if (this.random(4) === 0) fs.rmSync(file, { force: true });
    else {
      fs.mkdirSync(dirname(file), { recursive: true });
      fs.writeFileSync(file, this.pattern());
    }
    return `rules in ${file}`;
  }

  private userRules(): string {
    const { home, config } = this.user;
    const file = this.pick([join(config, 'git/ignore'), join(home, 'excludes'), join(home, 'other-excludes')]);
    switch (this.random(5)) {
      case 0:
        fs.rmSync(file, { force: true });
        return `remove ${file}`;
      case 1: {
        const text = this.pick(['', '[core]\n\texcludesFile = ~/excludes\n', '[include]\n\tpath = more\n']);
        fs.writeFileSync(join(home, '.gitconfig'), text);
        return `.gitconfig: ${text}`;
      }
      case 2: {
        const text = this.pick(['', '[core]\n\texcludesFile = ~/other-excludes\n']);
        fs.writeFileSync(join(home, 'more'), text);
        return `included: ${text}`;
      }
      default: {
        const pattern = this.pattern();
        fs.writeFileSync(file, pattern);
        return `${file}: ${pattern}`;
      }
    }
  }

  private conversion(): string {
    switch (this.random(5)) {
      case 0:
        return this.git('config', 'core.autocrlf', this.pick(['true', 'input', 'false']));
      case 1: {
        const rules = [
          '* text=auto eol=crlf',
          '*.txt text eol=crlf',
          '*.id ident',
          '*.rot filter=rot',
          '*.u16 working-tree-encoding=UTF-16LE',
        ];
        const file = this.pick([join(this.root, '.gitattributes'), this.gitFile('info/attributes')]);
        if (this.random(5) === 0) {
          fs.rmSync(file, { force: true });
          return `no attributes in ${file}`;
        }
        fs.mkdirSync(dirname(file), { recursive: true });
        fs.writeFileSync(file, rules.filter(() => this.random(2) === 0).join('\n'));
        return `attributes in ${file}`;
      }
      case 2:
        this.git('config', 'filter.rot.clean', swap);
        return this.git('config', 'filter.rot.smudge', swap);
      default: {
        // Written again by git, as it converts now.
        const path = this.pick(this.tracked);
        fs.rmSync(join(this.root, path), { force: true });
        return this.git('checkout', '-q', '--', path);
      }
    }
  }

  private nested(): string {
    const folder = join(this.root, this.pick(['n1', 'n2', 'f1']));
    fs.mkdirSync(folder, { recursive: true });
    if (fs.lstatSync(folder).isSymbolicLink()) return 'nothing'; // it may lead to the work tree itself
    const dotGit = join(folder, '.git');
    const elsewhere = join(this.user.home, `git-${basename(folder)}`);
    switch (this.random(9)) {
      case 0:
        fs.writeFileSync(join(folder, 'inside'), this.text());
        return `write in ${folder}`;
      case 1:
        fs.mkdirSync(join(dotGit, 'objects'), { recursive: true });
        return `begin ${dotGit}`;
      case 2:
        git(folder, ['init', '-q', '--template=']);
        return `complete ${dotGit}`;
      case 3:
        fs.rmSync(join(dotGit, this.pick(['HEAD', 'refs', 'objects'])), { recursive: true, force: true });
        return `break ${dotGit}`;
      case 4:
        fs.mkdirSync(join(dotGit, 'refs'), { recursive: true });
        fs.writeFileSync(join(dotGit, 'HEAD'), 'ref: refs/heads/main\n');
        return `go on with ${dotGit}`;
      case 5:
        fs.rmSync(dotGit, { recursive: true, force: true });
        return `remove ${dotGit}`;
      case 6:
        fs.rmSync(dotGit, { recursive: true, force: true });
        fs.writeFileSync(dotGit, `gitdir: ${elsewhere}\n`);
        return `${dotGit} leads elsewhere`;
      case 7:
        if (this.random(2) === 0) fs.rmSync(elsewhere, { recursive: true, force: true });
        else git(this.user.home, ['init', '-q', '--template=', '--bare', elsewhere]);
        return `what ${dotGit} leads to comes or goes`;
      default:
        fs.rmSync(folder, { recursive: true, force: true });
        return `remove ${folder}`;
    }
  }

  private replace(): string {
    const path = this.pick(this.tracked);
    if (this.random(2) === 0) {
      for (const ref of userGit(this.root, this.user, 'replace').split('\n'))
        if (ref !== '') this.git('replace', '-d', ref);
      return 'no replacements';
    }
    const oid = git(this.root, ['hash-object', '-w', '--stdin'], `replaced ${++this.serial}\n`);
    return this.git('replace', '-f', userGit(this.root, this.user, 'rev-parse', `:${path}`), oid);
  }

  private link(): string {
    const place = join(this.folder(), this.pick(['a', 'link', 'b.txt', 'f1']));
    const target = this.pick(['b.txt', '.', '..', 'link', this.user.home, 'nowhere', this.folder()]);
    if (place === this.root) return 'nothing';
    fs.rmSync(place, { recursive: true, force: true });
    fs.symlinkSync(target, place);
    return `link ${place} to ${target}`;
  }

  private massRename(): string {
    const folder = this.folder();
    const names = fs.readdirSync(folder).filter((name) => !name.startsWith('.git'));
    const suffix = ++this.serial;
    for (const name of names) fs.renameSync(join(folder, name), join(folder, `${name.slice(0, 12)}~${suffix}`));
    return `rename ${names.length} in ${folder}`;
  }

  private setting(): string {
    switch (this.random(6)) {
      case 0:
        return this.git('config', 'core.ignoreCase', this.pick(['true', 'false']));
      case 1:
        return this.git(
          'config',
          'core.excludesFile',
          this.pick([`${this.root}/.rules`, `${this.gitFile('own-rules')}`]),
        );
      case 2:
        fs.writeFileSync(this.pick([`${this.root}/.rules`, this.gitFile('own-rules')]), this.pattern());
        return 'rules of its own';
      case 3:
        return this.git('config', '--unset', 'core.excludesFile');
      case 4:
        fs.chmodSync(join(this.root, this.pick(this.tracked)), this.pick([0o644, 0o755]));
        return 'chmod';
      default:
        if (this.random(2) === 0) return this.git('sparse-checkout', 'disable');
        return this.git('sparse-checkout', 'set', '--no-cone', this.pick(['a*', '/*', '*.txt']));
    }
  }

  private gitFile(name: string): string {
    return join(this.root, '.git', name);
  }
}
