import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Engine } from '../../src/engine/types.js';
import { mainProgram } from '../history/context.js';
import { median, quantile, timed } from '../support/measure.js';
import { choosePatterns, chooseQueries } from '../support/patterns.js';
import { BenchDaemon } from './bench-daemon.js';
import { ms, storeOf } from './context.js';
import type { DaemonBench } from './context.js';
import { killOnEnd } from './cleanup.js';
import { makeWorkRepository } from './work-repository.js';

const rounds = 5;
/** Lines of an answer: what an editor or agent asks for at once. */
const linesMax = 200;

type Ask = (what: 'search' | 'grep', text: string, literal: boolean) => Promise<unknown>;

/** Round trips of warm searches over each of the daemon's surfaces, in turn. */
export async function measureLatency(bench: DaemonBench): Promise<void> {
  const { path } = makeWorkRepository(join(bench.folder, 'repo'), bench.origin, bench);
  const daemon = BenchDaemon.start(storeOf(bench));
  await daemon.engine(path).index(['HEAD']);
  const agent = await connectAgent(daemon.storePath, path);
  const surfaces: readonly { name: string; target: number; ask: Ask }[] = [
    { name: 'HTTP (keep-alive, token)', target: 8, ask: askEngine(daemon.engine(path, daemon.connect('http'))) },
    { name: 'the socket', target: 8, ask: askEngine(daemon.engine(path)) },
    { name: 'MCP (stdio)', target: 10, ask: agent.ask },
  ];
  const { patterns, lines } = choosePatterns(path);
  const questions = [
    ...patterns.map(({ source, literal }) => ({ what: 'grep', text: source, literal }) as const),
    ...chooseQueries(lines)
      .slice(0, patterns.length)
      .map((text) => ({ what: 'search', text, literal: false }) as const),
  ];
  const times = new Map<string, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const { what, text, literal } of questions) {
      for (const { name, ask } of surfaces) {
        const { ms: took } = await timed(() => ask(what, text, literal));
        if (round >= 0) times.set(`${what} ${name}`, [...(times.get(`${what} ${name}`) ?? []), took]);
      }
    }
  }
  await agent.close();
  await daemon.stop();
  for (const { name, target } of surfaces) {
    for (const what of ['search', 'grep'] as const) {
      const all = times.get(`${what} ${name}`)!;
      const p50 = median(all);
      bench.report.add(
        `warm ${what} over ${name}`,
        `p50 ${ms(p50)} ms, p99 ${ms(quantile(all, 0.99))} ms`,
        `p50 ≤ ${target} ms`,
        p50 <= target,
        all,
      );
    }
  }
}

const askEngine =
  (engine: Engine): Ask =>
  (what, text, literal) =>
    what === 'grep' ? engine.grep(text, { literal, maxCount: linesMax }) : engine.search(text);

/** An agent with a server of its own, as its program starts it. */
async function connectAgent(storePath: string, repo: string): Promise<{ ask: Ask; close(): Promise<void> }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [mainProgram, 'mcp', '--store', storePath, '--repo', repo],
    stderr: 'ignore',
  });
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(transport);
  const kill = killOnEnd(transport.pid!);
  return {
    async ask(what, text, literal) {
      const input = what === 'grep' ? { pattern: text, literal } : { query: text };
      const result = await client.callTool({ name: what, arguments: { ...input, rev: 'HEAD' } });
      if (result.isError === true) throw new Error(`${what} over MCP: ${JSON.stringify(result.content)}`);
    },
    async close() {
      await client.close();
      kill();
    },
  };
}
