import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { makeFolder, makeRepository, type TestRepository } from '../../support/git.js';
import { distMain, environment } from '../dist.js';

export const root = dirname(dirname(distMain));
/** All pages that show commands. */
export const pages = ['README.md', ...readdirSync(join(root, 'src/manual')).map((name) => `src/manual/${name}`)];
export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

/** What is not run, and why: it needs the network, changes this machine, or asks a model or a cluster of the reader's. */
export const excepted: readonly (readonly [what: RegExp, why: string])[] = [
  [/^npm (ci|install|link)\b/, 'installs from the network'],
  [/opensearch:\/\//, 'a search cluster of the reader'],
  [/coppice describe\b|--from model/, 'a model of the reader'],
  [/claude mcp add|coppice install/, 'the configuration of an agent'],
];

/** Lines of the shell blocks of a page, without what they go on with in the next line; what is beside them is the shell's to skip. */
export function shellLines(page: string): string[][] {
  return [...readPage(page).matchAll(/^```(?:sh|console|bash)\n(.*?)^```/gms)].map(([, block]) =>
    block!
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.replace(/^\$ /, '').trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
}

/** The repository that the pages speak of: three tags, a branch, changes that are not committed. */
export function makeSample(): TestRepository {
  const repo = makeRepository({ name: 'sample' });
  const app = (retries: number): string =>
    `import { parseConfig } from './config.js';\n\nconst MAX_RETRIES = ${retries};\n\n/** Sends again, with backoff, when it fails. */\n` +
    'export function retry(send: () => void): void {\n  // TODO: errors are handled by whoever calls\n  for (let i = 0; i < MAX_RETRIES; i++) send();\n}\n' +
    '\n// …'.repeat(12);
  repo.commit({
    'src/app.ts': app(1).replaceAll('retry(', 'again(').replace('TODO', 'to do'),
    'src/config.ts': 'export function parseConfig(): string {\n  return "a";\n}\n',
    'src/lock.ts': `${'\n'.repeat(40)}/** Where stale locks are released. */\nexport function release(): void {}\n${'\n'.repeat(20)}`,
    'src/old.ts': 'export const old = 1;\n',
    'src/a.ts': 'export const a = 1;\n',
    'src/b.ts': 'export const b = 1;\n',
    'src/builder.ts': 'export class Builder {\n  finish(): void {}\n}\n',
    'lib/merge.go': '// The merge base of two commits: --force.\nfunc NewMerge() {}\nfunc OpenMerge() {}\n',
    'errors.py': 'class LockError(Exception):\n    pass\n',
    'package-lock.json': lock({ '@types/node': '20.1.0' }),
    'golden.jsonl': '{"query": "where are stale locks released", "relevant": [{"path": "src/lock.ts"}]}\n',
  });
  repo.tag('v1.0');
  repo.commit({ 'src/app.ts': app(2) }, { message: 'Retry sending when the server is away' });
  repo.tag('v1.1');
  repo.commit({ 'src/app.ts': app(3), 'src/config.ts': 'export function parseConfig(): string {\n  return "b";\n}\n' });
  repo.tag('v1.2');
  repo.commit({ 'package-lock.json': lock({ react: '18.2.0', '@types/node': '20.1.0' }) });
  repo.tag('v2.0');
  for (const branch of ['release/2', 'origin/main', 'v1.x']) repo.branch(branch);
  repo.write('src/app.ts', app(4));
  repo.write('a.json', '{}');
  repo.write('b.json', '{"mode": "lexical"}');
  repo.write('draft.ts', 'export const a = 2;\n');
  return repo;
}

function lock(packages: Readonly<Record<string, string>>): string {
  const locked = Object.entries(packages).map(([name, version]) => [`node_modules/${name}`, { version }] as const);
  return JSON.stringify({
    name: 'sample',
    lockfileVersion: 3,
    packages: { '': { name: 'sample', dependencies: packages }, ...Object.fromEntries(locked) },
  });
}

/** A reader's machine: the sample with what it depends on, a repository beside it, a folder of notes, and a `coppice` on the PATH. */
export class DocumentWorld {
  readonly home = makeFolder();
  readonly sample = makeSample();
  private readonly env: NodeJS.ProcessEnv;

  private constructor(private readonly port: number) {
    const { sample, home } = this;
    const packages = { react: '18.2.0', '@types/node': '20.1.0' };
    sample.write('package.json', JSON.stringify({ name: 'sample', dependencies: packages }));
    for (const [name, version] of Object.entries(packages)) {
      sample.write(`node_modules/${name}/package.json`, JSON.stringify({ name, version, main: 'index.js' }));
      sample.write(
        `node_modules/${name}/index.js`,
        'exports.useState = () => [];\nexports.Router = class Router {};\nexports.dispose = Symbol.dispose;\n// create a store\n',
      );
    }
    sample.write('.gitignore', 'node_modules\n');
    const lib = makeRepository({ name: 'lib' });
    lib.commit({ 'src/retry.ts': 'export function retry(): void {}\n' });
    lib.tag('v2');
    // Beside the sample, as `../lib`.
    const work = join(home, 'work');
    mkdirSync(work);
    for (const one of [sample, lib]) spawnSync('cp', ['-a', one.path, join(work, one === lib ? 'lib' : 'sample')]);
    mkdirSync(join(home, 'notes'));
    writeFileSync(join(home, 'notes/today.md'), 'retry the talk\n');
    const bin = join(home, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'coppice'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/main.cjs')}' "$@"\n`,
    );
    chmodSync(join(bin, 'coppice'), 0o755);
    const { COPPICE_HOME: _, COPPICE_DAEMON: __, ...plain } = environment({ store: home });
    this.env = {
      ...plain,
      HOME: home,
      XDG_DATA_HOME: join(home, '.local/share'),
      PATH: `${bin}:${process.env['PATH']!}`,
    };
  }

  static async make(): Promise<DocumentWorld> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const world = new DocumentWorld(port);
    world.run('coppice search retry && coppice search retry --repo ../lib');
    return world;
  }

  get repository(): string {
    return join(this.home, 'work/sample');
  }

  /** Runs a line of a page as its reader would: what is named in general is named as it is here. */
  run(line: string): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
    const isFromClone = line.includes('node dist/main.js');
    const typed = line
      .replace(/^npm ci && /, '')
      .replaceAll(/\/path\/to\/(?:your\/)?repository/g, this.repository)
      .replaceAll('7878', String(this.port))
      .replaceAll(/\bcurl -s /g, 'curl -sf ');
    const cwd = isFromClone ? root : this.repository;
    const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', typed], {
      cwd,
      env: this.env,
      encoding: 'utf8',
      timeout: 120_000,
    });
    return { code: status, stdout, stderr };
  }

  stop(): void {
    this.run('coppice serve --stop');
  }
}

/** It answers and does not complain. Of one question `tune` learns nothing, and says so by its exit code. */
export const isDone = (
  line: string,
  { code, stderr }: { readonly code: number | null; readonly stderr: string },
): boolean => (code === 0 || (code === 1 && line.startsWith('coppice tune'))) && !stderr.includes('error[');

/** The lines of a page that are run, by block. */
export const runnable = (page: string): string[][] =>
  shellLines(page)
    .map((block) =>
      block.filter((line) => {
        const rest = line.replace(/^npm ci && /, '');
        return !excepted.some(([what]) => what.test(rest));
      }),
    )
    .filter((block) => block.length > 0);
