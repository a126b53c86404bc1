import { readFileSync } from 'node:fs';
import { RemoteEngines } from '../../../src/api/client/remote-engines.js';
import { HttpClient } from '../../../src/api/client/http-client.js';
import { randomFrom } from '../../../test/crash/support/random.js';
import { pause } from '../waiting.js';
import { BenchClient } from './client.js';
import type { ClientPlan } from './plan.js';
import { emptyTally } from './tally.js';

/** What a client process is told: to work for so long. It answers with a tally. */
export interface ClientOrder {
  /** These clients, by number. */
  readonly from: number;
  readonly to: number;
  readonly durationMs: number;
  /** Between an answer and the next request, at random. */
  readonly thinkMs: readonly [min: number, max: number];
}

/** The main program of a process that has some of the clients; it ends when its parent goes. */
export async function runClientProcess(planPath: string): Promise<void> {
  const plan = JSON.parse(readFileSync(planPath, 'utf8')) as ClientPlan;
  const clients = new Map<number, BenchClient>();
  const clientOf = (number: number): BenchClient => {
    let client = clients.get(number);
    if (client === undefined) {
      // Each has its own connections, as programs of their own have.
      const transport = new HttpClient({ socketPath: plan.socketPath });
      const engine = new RemoteEngines({ storePath: plan.storePath, transport }).open(plan.repo);
      client = new BenchClient(engine, plan, number, randomFrom(plan.seed + number), emptyTally());
      clients.set(number, client);
    }
    return client;
  };
  const work = async (order: ClientOrder): Promise<void> => {
    const tally = emptyTally();
    const endMs = performance.now() + order.durationMs;
    const [min, max] = order.thinkMs;
    const one = async (client: BenchClient): Promise<void> => {
      client.tally = tally;
      while (performance.now() < endMs) {
        await client.step();
        if (max > 0) await pause(min + Math.random() * (max - min));
      }
    };
    const numbers = Array.from({ length: order.to - order.from }, (_, i) => order.from + i);
    await Promise.all(numbers.map((number) => one(clientOf(number))));
    process.send!(tally);
  };
  process.on('message', (order) => void work(order as ClientOrder));
  await new Promise((resolve) => process.on('disconnect', resolve));
  process.exit(0);
}
