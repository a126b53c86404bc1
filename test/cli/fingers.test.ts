import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine, type Engine } from '../../src/engine/index.js';
import { makeFolder, makeRepository, type TestRepository } from '../support/git.js';
import { runCli, type Outcome } from './fakes.js';
import { borrowedEngine } from './support/borrowed-engine.js';
import { splitShellLine } from './support/shell-words.js';

// What somebody types who has used git grep and ripgrep for years, in a subfolder, without reading anything: it does what it does
// there, or says in one line what to type.

let repo: TestRepository;
let engine: Engine;
let bound: Engine;

beforeAll(async () => {
  repo = makeRepository({ name: 'fingers' });
  repo.commit({
    'README.md': 'say hello\nagain Hello\n',
    '.hidden.ts': 'hello hidden\n',
    'src/app.ts': "import { hello } from './lib/hello';\nhello(); hello();\n\n// the end\n",
    'src/lib/hello.ts': 'export function hello(): void {}\n// first\n// second\n// hello third\n',
    'src/lib/deep/hello.js': 'hello\nhello\nHello\n',
    'src/lib/a b.ts': 'hello there\n',
    'src/lib/.dot.ts': 'hello dot\n',
    'src/empty.txt': '',
    'src/bye.py': 'def bye():\n    """Ends a session politely."""\n    pass\n',
    'src/wide.ts': 'const ä = "ü hello";\n',
    'src/patterns.txt': 'hello\nbye\n',
    'other/two.rs': 'fn bye_two() {}\nfn bye_three() {}\n',
    'test/hello.test.ts': 'hello test\nbye\n',
  });
  repo.tag('v1');
  repo.commit({ 'src/app.ts': "import { hello } from './lib/hello';\nhello('you');\n", 'src/old.ts': 'old\n' });
  repo.tag('v2');
  repo.branch('feature/login');
  repo.write('src/app.ts', "import { hello } from './lib/hello';\nhello('me');\n");
  engine = await openEngine({ repo: repo.path, store: join(makeFolder(), 'store') });
  bound = borrowedEngine(engine);
  await engine.fork('try', { from: 'v1' });
});
afterAll(() => engine.close());

const cwd = (): string => join(repo.path, 'src');
const type = (line: string, more: Parameters<typeof runCli>[1] = {}): Promise<Outcome> =>
  runCli(splitShellLine(line)[0]!.words, { engine: bound, cwd: cwd(), ...more });

describe('as git grep, byte for byte', () => {
  const cases = [
    'hello',
    '-n hello',
    '-i HELLO',
    '-w hello',
    '-v hello',
    '-c hello',
    '-ci hello',
    '-l hello',
    '-L hello',
    '-o hello',
    '--column hello',
    '-h hello',
    '-hn hello lib',
    '-A1 first',
    '-B 1 second',
    '-C1 second',
    '-m 1 hello',
    '-e hello -e bye',
    '-F "hello("',
    '-E "hello|bye"',
    '-P "hel+o\\b"',
    '-z hello',
    '-zl hello',
    '-lz hello',
    '-rn hello',
    '-nI --full-name hello',
    '--untracked hello',
    '-q hello',
    '-q nowhere',
    'nowhere',
    'hello lib',
    'hello -- lib',
    'hello ../test',
    "hello '*.js'",
    "hello -- ':!lib'",
    'hello :/',
    '-e hello -- ../README.md',
    '--heading --break hello',
    '-1 second',
    '-10 hello lib/hello.ts',
    '-e hello --or -e bye',
    '--no-color hello',
    '--color=never hello',
    '--color hello lib/deep',
    '--recursive hello',
    '-lv hello',
    '-Lv hello',
    '-Li HELLO',
    '-LFw hello',
    '--exclude-standard --untracked hello',
    '--no-recurse-submodules hello',
    '--threads 2 hello',
    'hello :^lib',
    "hello -- ':(exclude)lib'",
    "hello ':(glob)**/*.js'",
    "hello ':(icase)LIB'",
    'hello . ../test',
    'hello lib/*.ts',
  ];
  test.each(cases)('coppice grep %s', async (line) => {
    const { words } = splitShellLine(line)[0]!;
    const real = spawnSync('git', ['-c', 'core.quotePath=false', 'grep', '-nI', ...words], {
      cwd: cwd(),
      encoding: 'latin1',
    });
    const ours = await type(`grep ${line}`);
    expect(ours.stderr).toBe('');
    expect([ours.code, ours.stdoutBytes.toString('latin1')]).toEqual([real.status, real.stdout]);
  });

  test.each(['hello v1', 'hello v1 -- lib', 'hello v1 lib', '-c hello HEAD~1', 'hello feature/login -- app.ts'])(
    'coppice grep %s: a rev where git has it, without its name before each line',
    async (line) => {
      const { words } = splitShellLine(line)[0]!;
      const real = spawnSync('git', ['-c', 'core.quotePath=false', 'grep', '-nI', ...words], {
        cwd: cwd(),
        encoding: 'utf8',
      });
      const ours = await type(`grep ${line}`);
      expect(ours).toMatchObject({ code: real.status, stderr: '', stdout: real.stdout.replace(/^[^:]+:/gm, '') });
    },
  );
});

describe('as ripgrep', () => {
  const cases: readonly (readonly [line: string, stdout: string])[] = [
    ['grep -N hello lib/deep', 'lib/deep/hello.js:hello\nlib/deep/hello.js:hello\n'],
    ['grep -tjs hello', 'lib/deep/hello.js:1:hello\nlib/deep/hello.js:2:hello\n'],
    ['grep --type py bye', 'bye.py:1:def bye():\n'],
    ['grep -Tts -T text hello', 'lib/deep/hello.js:1:hello\nlib/deep/hello.js:2:hello\n'],
    ["grep -g'*.js' -c hello", 'lib/deep/hello.js:2\n'],
    ["grep --glob '!*.ts' -l hello", 'lib/deep/hello.js\npatterns.txt\n'],
    ['grep -y THIRD -l', 'lib/hello.ts\n'],
    ['grep -S Hello', 'lib/deep/hello.js:3:Hello\n'],
    [
      'grep --vimgrep hello app.ts',
      "app.ts:1:10:import { hello } from './lib/hello';\napp.ts:1:30:import { hello } from './lib/hello';\napp.ts:2:1:hello('me');\n",
    ],
    ['grep --column -F hello wide.ts', 'wide.ts:1:16:const ä = "ü hello";\n'],
    ['grep --count-matches hello app.ts', 'app.ts:3\n'],
    ['grep -0l third', 'lib/hello.ts\0'],
    ['grep --files-without-match -tpy hello', 'bye.py\n'],
    ['grep -.j4 -s --no-heading third', 'lib/hello.ts:4:// hello third\n'],
    ['grep -x hello lib', 'lib/deep/hello.js:1:hello\nlib/deep/hello.js:2:hello\n'],
    ['grep -Fx hello lib', 'lib/deep/hello.js:1:hello\nlib/deep/hello.js:2:hello\n'],
    ['grep -f patterns.txt -tpy', 'bye.py:1:def bye():\n'],
    ['grep -rn --include=*.js hello .', 'lib/deep/hello.js:1:hello\nlib/deep/hello.js:2:hello\n'],
    ["grep -rl --exclude='*.ts' hello", 'lib/deep/hello.js\npatterns.txt\n'],
    ['grep -rl --exclude-dir=lib hello', 'app.ts\npatterns.txt\nwide.ts\n'],
    ['grep -rl --exclude-dir=li hello patterns.txt lib/deep', 'lib/deep/hello.js\npatterns.txt\n'],
    ["grep -l --exclude-dir 'd*p' hello app.ts lib -tts", 'app.ts\nlib/.dot.ts\nlib/a b.ts\nlib/hello.ts\n'],
    ['grep --ignore-dir lib -l hello . --no-config', 'app.ts\npatterns.txt\nwide.ts\n'],
    ['grep -Q "hello(" app.ts', "app.ts:2:hello('me');\n"],
    ['grep --literal "hello(" app.ts --line-buffered', "app.ts:2:hello('me');\n"],
    ['grep --trim politely --nocolor --nogroup', 'bye.py:2:"""Ends a session politely."""\n'],
    ['grep --trim --column politely', 'bye.py:2:23:"""Ends a session politely."""\n'],
    ['grep --colour=never third --no-pager', 'lib/hello.ts:4:// hello third\n'],
    ['--color=never grep third', 'lib/hello.ts:4:// hello third\n'],
    ['--color grep third --color never', 'lib/hello.ts:4:// hello third\n'],
    ['search -l -n1 hello third', 'lib/hello.ts\n'],
    ['search --compact politely', 'bye.py:2:    """Ends a session politely."""\n'],
    ['search bye -n1 -tpy -l', 'bye.py\n'],
    ['files -tpy', 'bye.py\n'],
    ["files '*.js' ../test", 'lib/deep/hello.js\n../test/hello.test.ts\n'],
    ['compare', 'M\tapp.ts\n'],
    ['compare v1..v2', 'M\tapp.ts\nA\told.ts\n'],
    ['compare v1 v2 --name-only', 'app.ts\nold.ts\n'],
    ['compare --name-status v1 v2 -- app.ts', 'M\tapp.ts\n'],
    ['compare v1..v2 -- old.ts ../README.md', 'A\told.ts\n'],
    ["compare v1 v2 '*.ts'", 'M\tapp.ts\nA\told.ts\n'],
    ["compare v1 v2 -- ':!old.ts'", 'M\tapp.ts\n'],
    ['compare v1 app.ts', 'M\tapp.ts\n'],
    ['compare app.ts', 'M\tapp.ts\n'],
    ['compare -- app.ts', 'M\tapp.ts\n'],
    ['definition bye', 'bye.py:1  function  bye  def bye()\n'],
    ['references hello -tts app.ts', "app.ts:1:import { hello } from './lib/hello';\napp.ts:2:hello('me');\n"],
    ['references hello -l lib/hello.ts', 'lib/hello.ts\n'],
    ['outline bye.py', '1  function def bye()\n'],
    ['outline v1:src/lib/hello.ts', '1  function export function hello(): void\n'],
    ['outline --rev v1 lib/hello.ts', '1  function export function hello(): void\n'],
    ['show app.ts', "import { hello } from './lib/hello';\nhello('me');\n"],
    ['show app.ts:2', "hello('me');\n"],
    ['show app.ts:2:', "hello('me');\n"],
    ['show app.ts:2:7', "hello('me');\n"],
    ['show app.ts:1,2', "import { hello } from './lib/hello';\nhello('me');\n"],
    ['show app.ts#L2', "hello('me');\n"],
    ['show app.ts#L1-L2', "import { hello } from './lib/hello';\nhello('me');\n"],
    ['show v1:src/app.ts:2,2', 'hello(); hello();\n'],
    ['show HEAD:./app.ts#L2', "hello('you');\n"],
    ['files --hidden -tpy', 'bye.py\n'],
    ['show ../README.md:1-1', 'say hello\n'],
    ['show v1:src/app.ts:2', 'hello(); hello();\n'],
    ['show --rev v2 app.ts:2', "hello('you');\n"],
    ['revs --name-only log', 'feature/login\n'],
    ['revs v --name-only', 'v2\nv1\n'],
  ];
  test.each(cases)('coppice %s', async (line, stdout) => {
    const ours = await type(line);
    expect([ours.stderr, ours.stdout, ours.code]).toEqual(['', stdout, 0]);
  });

  test('a terminal gets what is found by file, coloured', async () => {
    const ours = await type('grep hello lib/deep app.ts', { terminal: true });
    expect(ours.stdout).toBe(
      "\x1b[35mapp.ts\x1b[m\n\x1b[32m1\x1b[m\x1b[36m:\x1b[mimport { \x1b[1;31mhello\x1b[m } from './lib/\x1b[1;31mhello\x1b[m';\n" +
        "\x1b[32m2\x1b[m\x1b[36m:\x1b[m\x1b[1;31mhello\x1b[m('me');\n\n" +
        '\x1b[35mlib/deep/hello.js\x1b[m\n\x1b[32m1\x1b[m\x1b[36m:\x1b[m\x1b[1;31mhello\x1b[m\n\x1b[32m2\x1b[m\x1b[36m:\x1b[m\x1b[1;31mhello\x1b[m\n',
    );
  });
});

describe('words of a query', () => {
  test('what begins with - and is no flag excludes', async () => {
    const all = (await type('search hello -l -n 50')).stdout.split('\n');
    expect(all).toContain('../test/hello.test.ts');
    const without = await type('search hello -test -l -n 50');
    expect([without.code, without.stderr]).toEqual([0, '']);
    expect(without.stdout.split('\n')).not.toContain('../test/hello.test.ts');
    expect((await type('search hello -path:test -l -n50')).stdout).not.toContain('test/');
    expect((await type('search -lang:python -l -n50 hello')).stdout).not.toContain('.py');
    // A letter alone, and what flags there are, are flags.
    expect((await type('search hello -tpy -n1')).stderr).not.toContain('error');
    expect((await type('search hello -X')).stderr).toContain('unknown flag -X');
  });
});

describe('history', () => {
  test('as git log -S and -G, and with revs in both places', async () => {
    const subjects = (out: Outcome): number =>
      out.stdout.split('\n').filter((line) => /^[0-9a-f]{10}/.test(line)).length;
    const pickaxe = await type('log -S "hello(" -- app.ts');
    expect([pickaxe.code, pickaxe.stderr]).toEqual([0, '']);
    expect(subjects(pickaxe)).toBe(2);
    expect((await type('log -G "hello\\(" -n1')).stdout).not.toBe('');
    const one = await type('log old --rev v1..v2');
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect((await type('log old v1..v2')).stdout).toBe(one.stdout);
    expect((await type('log hello -- lib/deep')).stdout).not.toContain('third');
    expect((await type('log -S "hello(" app.ts --oneline')).stdout).toBe(pickaxe.stdout);
    expect((await type('log -S"hello(" v1..v2 app.ts')).stdout).toBe(
      (await type('log -S "hello(" v1..v2 -- app.ts')).stdout,
    );
    expect(subjects(await type('log -1 -S "hello("'))).toBe(1);
    expect((await type("log -S 'hel+o\\(' --pickaxe-regex -- app.ts")).stdout).toBe(pickaxe.stdout);
    expect((await type("log hello -- 'lib/*.js'")).stdout).not.toContain('third');
    expect((await type("log hello -- '*.js'")).stdout).toContain('deep/hello.js');
    for (const word of ['app.ts', 'v1..v2'])
      expect((await type(`log ${word}`)).stderr).toMatch(/taken as the pattern.*git log/);
  });
});

describe('what is done otherwise says in one line what to type', () => {
  const cases: readonly (readonly [line: string, said: RegExp])[] = [
    ['grep -U "a\\nb"', /line by line/],
    ['grep -uu hello', /what git ignores is not searched; rg -uu/],
    ['grep --no-ignore hello', /what git ignores is not searched/],
    ['grep --files', /coppice files/],
    ['grep -G "a\\|b"', /alternatives are a\|b/],
    ['grep -W hello', /coppice search/],
    ['grep --and -e a', /one pattern/],
    ['grep --cached hello', /--rev HEAD/],
    ['files --cached', /--rev HEAD/],
    ['grep -a hello', /binary files/],
    ['grep hello v1 v2', /--rev v1\.\.v2/],
    ['grep hello v1...v2', /git merge-base v1 v2/],
    ["grep 'hello\\|zzz'", /alternatives are a\|b/],
    ['grep -b hello', /--column/],
    ['grep -M 100 hello', /cut -c/],
    ['grep --all hello', /coppice log PATTERN/],
    ['grep --no-ignore-vcs hello', /rg -uu/],
    ['grep --js hello', /-t js/],
    ['grep --nopy hello', /-T py/],
    ['grep --max-depth 1 hello', /-g '\.\/\*'/],
    ['grep --not -e a', /lines that do not match/],
    ['grep -V', /coppice --version/],
    ['grep -g "*.js"', /coppice files -g/],
    ['grep --recurse-submodules a', /--repo SUBMODULE/],
    ['grep hello nowhere -- app.ts', /no such rev: 'nowhere'/],
    ['search -C 3 hello', /coppice grep -C N/],
    ['search -w hello', /coppice grep/],
    ['log --oneline', /git log lists commits/],
    ['log -p -S hello', /git log has it/],
    ['log -S hello --format=%H', /git log has it/],
    ['log -S hello --all', /name the branches/],
    ['log -L 1,2:app.ts', /give text of the line/],
    ['log', /needs PATTERN/],
    ['show --stat HEAD', /coppice compare/],
    ['show HEAD', /coppice compare HEAD~ HEAD/],
    ['show -p HEAD', /git show its lines/],
    ['show HEAD:src/lib', /coppice files --rev HEAD :\/src\/lib/],
    ['show lib', /coppice files lib/],
    ['show HEAD:', /coppice files --rev HEAD/],
    ['show HEAD app.ts', /REV:PATH/],
    ['show :app.ts', /HEAD:app\.ts/],
    ['ls-files', /coppice files/],
    ['blame app.ts', /coppice log/],
    ['diff', /coppice compare/],
    ['rg hello', /coppice grep/],
    ['ag hello', /coppice grep/],
    ['ack --js hello', /coppice grep/],
    ['hello', /coppice grep hello and coppice search hello/],
    ['-C lib grep hello', /coppice --repo lib grep hello/],
    ['checkout v1', /--rev REV/],
    ['index .', /revs are indexed/],
    ['index --force', /what has changed is read/],
    ['files app', /coppice files '\*app\*'/],
    ['revs -a', /branches, tags and forks/],
    ['status -s', /git status/],
    ['search -5 hello', /-n N/],
    ['definition hello app.ts', /--from FILE/],
    ['compare --stat v1 v2', /counts the lines/],
    ['compare -p', /git diff shows the lines/],
    ['compare --cached', /git diff --cached/],
    ['compare v1...v2', /git merge-base v1 v2/],
    ['init', /nothing to set up/],
    ['grpe hello', /did you mean coppice grep/],
    ['grep hello --rev featur/login', /did you mean feature\/login/],
    ['grep hello --rev @worktre', /did you mean @worktree/],
    ['grep hello --rev tyr', /did you mean try/],
    ['grep hello --lang pyhton', /did you mean python/],
    ['symbols hello --kind funtion', /did you mean function/],
    ['grep hello no/such/folder', /no\/such\/folder/],
    ['show no-such.ts', /no-such\.ts/],
    ['compare v1 v2 v1 -- app.ts', /paths go after/],
  ];
  test.each(cases)('coppice %s', async (line, said) => {
    const { stdout, stderr } = await type(line);
    expect(stderr).toMatch(said);
    expect(stdout).toBe('');
    expect(stderr.split('\n').length).toBeLessThanOrEqual(3);
  });

  test('a fork that has the name of a branch says so', async () => {
    const made = await type('fork feature/login');
    expect(made).toMatchObject({ code: 0 });
    expect(made.stderr).toBe(
      "coppice: git has feature/login too, and --rev feature/login is git's: this fork is --rev fork:feature/login\n",
    );
    expect((await type('fork mine')).stderr).toBe('');
  });

  test('a list that is only the beginning says of how many', async () => {
    const some = await type('symbols bye -n 1');
    expect(some.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(some.stderr).toBe('coppice: 1 of 3 (-n 3 shows all)\n');
    expect((await type('symbols bye')).stderr).toBe('');
    expect((await type('files -n 2')).stderr).toMatch(/^coppice: 2 of \d+ \(-n \d+ shows all\)\n$/);
    expect((await type('revs -n 1')).stderr).toBe('coppice: 1 of many more (-n 10 shows more)\n');
  });
});
