import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { git, makeRepository } from './git.js';

/** Where a repository says something: git reads all of these, by itself or because the repository tells it to. */
export const places = [
  'config',
  'include outside',
  'include inside',
  'includeIf gitdir',
  'includeIf onbranch',
  'config.worktree',
  'linked work tree',
  'attributes of the git directory',
  'committed git directory',
  'submodule',
  'alternates',
  '.git file',
  'links',
] as const;
export type Place = (typeof places)[number];

export interface HostileCase {
  readonly place: Place;
  readonly keys: readonly string[];
  /** What is named as the repository. */
  readonly repo: string;
  /** Every repository of the case: nothing is written below. */
  readonly inside: string;
  /** Nothing below may be read or run. */
  readonly outside: string;
  /** Comes to be when a program of the repository's choosing runs. */
  readonly canary: string;
}

/** Text of files outside: to be found nowhere. */
export const secret = 'qwertzsecret';

/** Keys that git before or after this one has, or that its own list leaves out. */
const moreKeys = [
  ...[
    'filter.<driver>.process',
    'filter.<driver>.required',
    'core.worktree',
    'core.bare',
    'core.gitProxy',
    'core.excludesFile',
  ],
  ...[
    'core.attributesFile',
    'core.alternateRefsCommand',
    'core.hooksPath',
    'core.fsmonitor',
    'core.fsmonitorHookVersion',
  ],
  ...['core.untrackedCache', 'core.splitIndex', 'extensions.partialClone', 'extensions.worktreeConfig', 'include.path'],
  ...[
    'uploadpack.packObjectsHook',
    'receive.procReceiveRefs',
    'trace2.eventTarget',
    'trace2.normalTarget',
    'core.sshCommand',
  ],
  ...['alias.status', 'alias.cat-file', 'alias.ls-files', 'alias.rev-list', 'pager.status', 'safe.directory'],
  ...[
    'hook.<name>.command',
    'hook.<name>.event',
    'mergetool.<tool>.path',
    'submodule.<name>.url',
    'submodule.<name>.update',
  ],
];
const namesProgramOrPath =
  /command|program|cmd|path|file|dir|hook|editor|pager|helper|proxy|tool|textconv|clean|smudge|process|driver|worktree|monitor|askpass|template|external|excludes|attributes|pack$|vcs|url|promisor|partialclone|cookie|cert|include|alias|trailer|sendmail|insteadof|mailmap|repo|socket|viewer|browser|man\.|alternate|trace2|target|sparse|index/i;

/** Git's own list of its settings, of those the ones that can name a program or a path; with more that its list lacks. */
export function hostileKeys(): string[] {
  const listed = execFileSync('git', ['help', '-c'], { encoding: 'utf8' }).split('\n');
  const keys = listed.filter((line) => /^[\w-]+\.\S+$/.test(line) && namesProgramOrPath.test(line));
  return [...new Set([...keys, ...moreKeys])].map((key) => key.replace(/\*/g, 'x'));
}

/** Settings as text; `<driver>` and such are the names that the attributes of a case name. */
function configText(keys: readonly string[], driver: string, valueOf: (key: string) => string): string {
  return keys
    .map((key) => {
      const [section, ...rest] = key.split('.');
      const name = rest.pop()!;
      const condition = section === 'includeIf' ? 'gitdir:**' : driver;
      const subsection = rest.length === 0 ? null : rest.join('.').replace(/<[^>]*>/g, condition);
      const header = subsection === null ? section : `${section} "${subsection.replace(/["\\]/g, '\\$&')}"`;
      return `[${header}]\n\t${name.replace(/<[^>]*>/g, 'x')} = "${valueOf(key)}"\n`;
    })
    .join('');
}

/** Makes one hostile repository in a folder of its own. Which drivers are named, and whether with or without a name, depends on the number. */
export function makeHostile(folder: string, number: number, place: Place, keys: readonly string[]): HostileCase {
  const [inside, outside] = [join(folder, 'inside'), join(folder, 'outside')];
  const canary = join(folder, 'ran');
  for (const path of [inside, outside]) mkdirSync(path, { recursive: true });
  const program = join(outside, 'program');
  writeFileSync(program, `#!/bin/sh\ntouch '${canary}'\ncat\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(outside, 'secret.txt'), `${secret}\n`);
  writeFileSync(join(outside, '.gitignore'), `edited.txt\n${secret}\n`);
  const driver = ['', 'evil', 'a=b', 'x"y'][number % 4]!;
  // A path is a program, a folder, or what a shell makes of it.
  const values = [program, number % 3 === 0 ? outside : program, `!${program}`, `${program} %f`];
  const configuration = configText(keys, driver, (key) => {
    if (/repositoryFormatVersion$/i.test(key)) return '0';
    if (/(required|bare|worktreeConfig|fsmonitorHookVersion|promisor)$/i.test(key)) return '1';
    if (/url$/i.test(key)) return `ext::${program}`;
    if (/worktree$|dir$|directory$/i.test(key)) return outside;
    if (/^alias\./.test(key)) return `!${program}`;
    return values[(number + key.length) % values.length]!;
  });
  const attributes = `* filter=${driver} diff=${driver} merge=${driver}\n`;
  const files = {
    '.gitattributes': attributes,
    'edited.txt': 'text of the repository\n',
    'src/kept.ts': 'export function kept(): number {\n  return 1;\n}\n',
  };

  const made = (name: string, top = inside): { path: string; gitDir: string } => {
    const path = join(top, name);
    const repository = makeRepository();
    repository.commits([{ files }, { files: { 'src/more.ts': 'export const more = 2;\n' } }]);
    cpSync(repository.path, path, { recursive: true });
    rmSync(repository.path, { recursive: true });
    // Not as the index has it: git would look at what is in it, through filters.
    writeFileSync(join(path, 'edited.txt'), 'edited text of the repository\n');
    writeFileSync(join(path, 'new.txt'), 'new text of the repository\n');
    return { path, gitDir: join(path, '.git') };
  };
  const append = (file: string, text: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'a' });
  };
  const hooksIn = (gitDir: string): void => {
    const hooks = join(gitDir, 'hooks');
    mkdirSync(hooks, { recursive: true });
    for (const hook of [
      'post-index-change',
      'reference-transaction',
      'post-checkout',
      'fsmonitor-watchman',
      'pre-auto-gc',
    ])
      cpSync(program, join(hooks, hook));
  };
  const done = (repo: string): HostileCase => ({ place, keys, repo, inside, outside, canary });

  const top = made('repository');
  if (place !== 'linked work tree') hooksIn(top.gitDir);
  const config = join(top.gitDir, 'config');
  switch (place) {
    case 'config':
      append(config, configuration);
      return done(top.path);
    case 'include outside':
      append(join(outside, 'settings'), configuration);
      append(config, `[include]\n\tpath = ${join(outside, 'settings')}\n`);
      return done(join(top.path, 'src'));
    case 'include inside':
      append(join(top.gitDir, 'more'), `${configuration}[include]\n\tpath = ${relative(top.gitDir, program)}\n`);
      append(config, '[include]\n\tpath = more\n');
      return done(top.gitDir);
    case 'includeIf gitdir':
    case 'includeIf onbranch': {
      append(join(outside, 'settings'), configuration);
      const condition = place === 'includeIf gitdir' ? 'gitdir:**' : 'onbranch:**';
      append(config, `[includeIf "${condition}"]\n\tpath = ${join(outside, 'settings')}\n`);
      return done(top.path);
    }
    case 'config.worktree':
      append(config, '[extensions]\n\tworktreeConfig = true\n');
      append(join(top.gitDir, 'config.worktree'), configuration);
      return done(top.path);
    case 'linked work tree': {
      const linked = join(inside, 'linked');
      git(top.path, ['worktree', 'add', '-q', linked, 'HEAD']);
      writeFileSync(join(linked, 'edited.txt'), 'edited text of the repository\n');
      append(config, '[extensions]\n\tworktreeConfig = true\n');
      append(join(top.gitDir, 'worktrees/linked/config.worktree'), configuration);
      append(config, configuration);
      hooksIn(top.gitDir); // only now: making the work tree would run one
      return done(linked);
    }
    case 'attributes of the git directory':
      append(join(top.gitDir, 'info/attributes'), attributes);
      append(config, configuration);
      return done(top.path);
    case 'committed git directory': {
      const inner = join(top.path, 'fixtures/tree');
      cpSync(top.gitDir, inner, { recursive: true });
      append(
        join(inner, 'config'),
        `[core]\n\tbare = false\n\tworktree = ${number % 2 === 0 ? 'src' : outside}\n${configuration}`,
      );
      cpSync(join(top.path, 'edited.txt'), join(inner, 'src/edited.txt'));
      return done(number % 3 === 0 ? join(inner, 'refs') : inner);
    }
    case 'submodule': {
      const gitDir = join(top.gitDir, 'modules/sub');
      const sub = made('repository/sub');
      cpSync(sub.gitDir, gitDir, { recursive: true });
      rmSync(sub.gitDir, { recursive: true });
      writeFileSync(sub.gitDir, 'gitdir: ../.git/modules/sub\n');
      append(join(gitDir, 'config'), `[core]\n\tworktree = ../../../sub\n${configuration}`);
      append(
        join(top.path, '.gitmodules'),
        `[submodule "sub"]\n\tpath = sub\n\turl = ext::${program}\n\tupdate = !${program}\n`,
      );
      append(config, configuration);
      return done(number % 2 === 0 ? sub.path : top.path);
    }
    case 'alternates': {
      const lender = made('lender');
      append(join(lender.gitDir, 'config'), configuration);
      hooksIn(lender.gitDir);
      rmSync(join(top.gitDir, 'objects'), { recursive: true });
      append(join(top.gitDir, 'objects/info/alternates'), `${join(lender.gitDir, 'objects')}\n`);
      append(config, configuration);
      return done(top.path);
    }
    case '.git file': {
      const elsewhere = join(inside, 'elsewhere');
      cpSync(top.gitDir, elsewhere, { recursive: true });
      rmSync(top.gitDir, { recursive: true });
      writeFileSync(top.gitDir, `gitdir: ${elsewhere}\n`);
      append(join(elsewhere, 'config'), configuration);
      return done(top.path);
    }
    case 'links': {
      append(config, configuration);
      for (const [name, target] of [
        ['link.txt', 'secret.txt'],
        ['folder', '.'],
        ['src/.gitignore', '.gitignore'],
        ['src/.gitattributes', '.gitignore'],
        ['.coppiceignore', '.gitignore'],
      ] as const)
        symlinkSync(join(outside, target), join(top.path, name));
      const linked = [
        ...['info/exclude', 'index', 'packed-refs', 'logs', 'info/attributes', 'shallow', 'config'],
        ...['commondir', 'HEAD'],
      ];
      const part = linked[number % linked.length]!;
      mkdirSync(join(top.gitDir, 'info'), { recursive: true });
      rmSync(join(top.gitDir, part), { recursive: true, force: true });
      if (number % 2 === 0) symlinkSync(join(outside, 'secret.txt'), join(top.gitDir, part));
      return done(top.path);
    }
  }
}

/** Every file below a folder, with its time and size. */
export function snapshotOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .map((name) => {
      const stats = statSync(join(folder, name), { throwIfNoEntry: false });
      return stats === undefined ? name : `${name} ${stats.mtimeMs} ${stats.isFile() ? stats.size : ''}`;
    })
    .sort();
}

export const hasRun = ({ canary }: HostileCase): boolean => existsSync(canary);
