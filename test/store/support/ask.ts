import { writeSync } from 'node:fs';
import { openEngine } from '../../../src/engine/index.js';
import type { Engine } from '../../../src/engine/types.js';

/** A question to an engine: its method and arguments; `again` asks so many times. */
export interface Question {
  readonly call: 'index' | 'grep' | 'search' | 'fork' | 'drop' | 'gc' | 'doctor' | 'forks' | 'put';
  readonly args: readonly unknown[];
  readonly again?: number;
}

export type Answer = { readonly result: unknown } | { readonly code: string; readonly message: string };

// `ask REPO STORE QUESTIONS-AS-JSON [AT-MS]` opens an engine, waits for a moment, asks, and prints an answer a line.
const [repo = '', store = '', questions = '[]', at = '0'] = process.argv.slice(2);
const uid = process.env['ASK_UID'];
if (uid !== undefined) {
  process.setgid!(Number(uid));
  process.setuid!(Number(uid));
}

const say = (answer: Answer): void => void writeSync(1, `${JSON.stringify(answer)}\n`);

function ask(engine: Engine, { call, args }: Question): Promise<unknown> {
  if (call === 'put') {
    const [name, path, content] = args as [string, string, string];
    return engine.apply(name, [{ kind: 'put', path, content: Buffer.from(content) }]);
  }
  return (engine[call] as (...args: unknown[]) => Promise<unknown>).apply(engine, [...args]);
}

function refused(error: unknown): Answer {
  const { code, stack, message } = error as { code?: string; stack?: string; message: string };
  return code === undefined ? { code: 'NONE', message: stack ?? message } : { code, message };
}

async function main(): Promise<void> {
  const lockTimeoutMs = Number(process.env['ASK_LOCK_MS'] ?? 20_000);
  const engine = await openEngine({ repo, store, workers: 0, lockTimeoutMs });
  while (Date.now() < Number(at)) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const question of JSON.parse(questions) as Question[]) {
    for (let times = question.again ?? 1; times > 0; times--) {
      await ask(engine, question).then(
        (result) => say({ result: result ?? null }),
        (error: unknown) => say(refused(error)),
      );
    }
  }
  await engine.close();
}

await main().catch((error: unknown) => say(refused(error)));
