import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { loadCommand } from '../../src/cli/command-table.js';
import { parseCommand, splitCommandLine } from '../../src/cli/typed/parse.js';
import { distMain, ensureDist } from '../cli/dist.js';
import { makeFolder } from '../support/git.js';
import { S3Double } from '../support/s3-double.js';
import { makeHistory } from './support.js';

const page = readFileSync(fileURLToPath(new URL('../../src/manual/remotes.md', import.meta.url)), 'utf8');
const blocksOf = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block!);
const yaml = blocksOf('yaml').map((block) => load(block));

/** Every text in a value, however deep. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const below of Object.values(value)) yield* textsOf(below);
}

/** Instructions and what follows them, lines put together. */
function instructionsOf(dockerfile: string): Map<string, string> {
  const lines = dockerfile
    .replace(/ *\\\n */g, ' ')
    .trim()
    .split('\n');
  return new Map(
    lines.map((line) => {
      const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      expect(['FROM', 'RUN', 'USER', 'VOLUME', 'EXPOSE', 'ENTRYPOINT', 'CMD'], line).toContain(name);
      return [name!, rest!];
    }),
  );
}

/** The words of each command of ours that is to be pasted. */
function commands(): { readonly pushes: string[][]; readonly serves: string[][] } {
  const pushes: string[][] = [];
  for (const text of yaml.flatMap((value) => [...textsOf(value)])) {
    const [, line] = /^coppice (push\b.*)$/s.exec(text) ?? [];
    if (line !== undefined) pushes.push(line.split(/\s+/).map((word) => word.replace(/^"(.*)"$/, '$1')));
  }
  const [dockerfile] = blocksOf('dockerfile').map(instructionsOf);
  const words = (name: string): string[] => JSON.parse(dockerfile!.get(name)!) as string[];
  const [program, ...entry] = words('ENTRYPOINT');
  expect(program).toBe('coppice');
  const compose = yaml.at(-1) as { services: { node: { command: string } } };
  return {
    pushes,
    serves: [words('CMD'), compose.services.node.command.split(' ')].map((more) => [...entry, ...more]),
  };
}

test('what is to be pasted is YAML and a Dockerfile, and its commands are ours', async () => {
  const { pushes, serves } = commands();
  expect([yaml.length, pushes.length, serves.length]).toEqual([3, 2, 2]);
  for (const words of [...pushes, ...serves]) {
    const split = splitCommandLine(words);
    const command = await loadCommand(split.name!);
    expect(() => parseCommand(command!, split.before, split.rest), words.join(' ')).not.toThrow();
  }
});

test('and they work: what is pushed is served to who has a token', async () => {
  ensureDist();
  const double = await S3Double.start();
  const folder = makeFolder();
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_ENDPOINT_URL: double.endpoint };
  const users = [
    { name: 'ci', tokens: [`sha256:${createHash('sha256').update('token').digest('hex')}`], repositories: ['*'] },
  ];
  writeFileSync(join(folder, 'users.json'), JSON.stringify({ users }));
  const { pushes, serves } = commands();
  const address = serves[0]![serves[0]!.indexOf('--remote') + 1]!;
  const here = (word: string): string =>
    word
      .replace(/^(\$COPPICE_REMOTE|s3:.*)$/, address)
      .replace('/etc/coppice', folder)
      .replace('/cache', join(folder, 'cache'))
      .replace(/^7878$/, '0')
      .replace('0.0.0.0', '127.0.0.1');
  const push = [distMain, ...pushes[0]!.map(here), '--store', join(folder, 'store')];
  const child = spawn(process.execPath, push, {
    cwd: makeHistory(4).path,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  const node = spawn(process.execPath, [distMain, ...serves[0]!.map(here), '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const { http } = await new Promise<{ http: string }>((resolve) =>
      node.stdout.once('data', (text: Buffer) => resolve(JSON.parse(text.toString()) as { http: string })),
    );
    const response = await fetch(`${http}/v1/repositories`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer token' },
      body: '{}',
    });
    expect(await response.json()).toMatchObject({ repositories: [{ name: 'repo' }] });
  } finally {
    node.kill('SIGKILL');
    await double.stop();
  }
});
