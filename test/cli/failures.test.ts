import { describe, expect, test } from 'vitest';
import { CoppiceError } from '../../src/base/index.js';
import type { Engine } from '../../src/engine/index.js';
import { lineMatch, resolvedHead, runCli } from './fakes.js';

describe('errors and interruption', () => {
  test('an error of the engine is told on stderr, and on stdout under --json', async () => {
    const engine: Partial<Engine> = {
      grep: () =>
        Promise.reject(
          new CoppiceError('PATTERN_INVALID', 'unterminated group\na(\n ^', { hint: 'close it or use -F' }),
        ),
    };
    const plain = await runCli(['grep', 'a('], { engine });
    expect(plain).toMatchObject({ code: 2, stdout: '' });
    expect(plain.stderr).toBe(
      'coppice: error[PATTERN_INVALID]: unterminated group\n  a(\n   ^\nhint: close it or use -F\n',
    );
    const { code, stdout, stderr } = await runCli(['grep', 'a(', '--json'], { engine });
    expect([code, stderr]).toEqual([2, plain.stderr]);
    const error = { code: 'PATTERN_INVALID', message: 'unterminated group\na(\n ^', hint: 'close it or use -F' };
    expect(JSON.parse(stdout)).toEqual({ error });
    expect(JSON.parse((await runCli(['grep', '--json'], { engine })).stdout)).toMatchObject({
      error: { code: 'USAGE' },
    });
    expect(JSON.parse((await runCli(['status', '--json'])).stdout)).toMatchObject({
      error: { code: 'NOT_A_REPOSITORY' },
    });
  });

  test('anything else is INTERNAL, its stack only for who asks', async () => {
    const engine: Partial<Engine> = { forks: () => Promise.reject(new TypeError('x is undefined')) };
    const { code, stderr } = await runCli(['forks'], { engine });
    expect([code, stderr]).toEqual([
      2,
      'coppice: error[INTERNAL]: x is undefined\nhint: COPPICE_DEBUG=1 shows where; please report it\n',
    ]);
    expect((await runCli(['forks'], { engine, env: { COPPICE_DEBUG: '1' } })).stderr).toContain('    at ');
  });

  test('an interruption says so, whatever it made fail', async () => {
    const interrupt = new AbortController();
    const engine: Partial<Engine> = {
      index: () => {
        interrupt.abort();
        return Promise.reject(new CoppiceError('GIT_FAILED', 'git was killed'));
      },
    };
    const { code, stderr } = await runCli(['index'], { engine, signal: interrupt.signal });
    expect(code).toBe(130);
    expect(stderr).toBe('coppice: error[ABORTED]: interrupted\n');
  });

  test('a reader that has gone ends it quietly', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => lineMatch('a', i + 1, 'x'));
    const engine: Partial<Engine> = {
      grep: () =>
        Promise.resolve({
          rev: resolvedHead,
          lines,
          truncated: false,
          unsearched: [],
          unmatched: [],
          freshness: 'exact',
          tookMs: 1,
        }),
    };
    let writes = 0;
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const stdout = {
      isTerminal: false,
      pendingBytes: 0,
      columns: 80,
      drain: () => Promise.resolve(),
      write: () => {
        if (++writes > 1) throw broken;
      },
    };
    expect(await runCli(['grep', 'x'], { engine, stdout })).toMatchObject({ code: 0, stderr: '' });
    expect(writes).toBe(2);
    const full = {
      ...stdout,
      write: () => {
        throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      },
    };
    const failed = await runCli(['grep', 'x'], { engine, stdout: full });
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain('cannot write to standard output: ENOSPC');
  });

  test('paths count from where the command was started, and the engine is always closed', async () => {
    const seen: unknown[] = [];
    const engine: Partial<Engine> = {
      forks: () => Promise.reject(new CoppiceError('STORE_LOCKED', 'busy')),
      close: () => Promise.resolve(void seen.push('closed')),
    };
    await runCli(['--repo', './r', 'forks', '--store', '../s'], {
      engine,
      cwd: '/w/d',
      onOpen: ({ repo, store }) => seen.push(repo, store),
    });
    expect(seen).toEqual(['/w/d/r', '/w/s', 'closed']);
  });
});
