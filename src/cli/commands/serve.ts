import { CoppiceError } from '../../base/index.js';
import {
  ensureDaemon,
  openHttp,
  runDaemon,
  runningDaemon,
  stopDaemon,
  storePathOf,
  tokenFileOf,
} from '../../daemon/index.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { readVersion } from '../version.js';

export const command = defineCommand({
  name: 'serve',
  summary: 'the daemon: answers commands, editors, agents and the page from one process',
  description:
    'One daemon serves a store with all its repositories. Commands use it when it runs, and start it for next time when it\n' +
    'does not (COPPICE_DAEMON=use: only use it; off: neither). It watches the work trees it was asked about. Editors and\n' +
    'commands reach it over a socket that only you can open; with --http programs on this machine do, with a token.',
  args: [],
  flags: {
    http: { type: 'boolean', help: 'listen for HTTP on 127.0.0.1 as well' },
    port: { type: 'integer', value: 'N', default: 0, help: 'the port for --http; 0 is any free one' },
    detach: { type: 'boolean', help: 'run in the background' },
    'on-demand': { type: 'boolean', help: 'end when it is no longer used' },
    stop: { type: 'boolean', help: 'end the daemon that runs' },
    status: { type: 'boolean', help: 'tell about the daemon that runs; exit 1 if none does' },
  },
  examples: [
    { command: 'coppice serve --http --port 7878', does: 'in this terminal, until Ctrl-C' },
    { command: 'coppice serve --detach', does: 'in the background' },
    { command: 'coppice serve --stop', does: 'end it' },
  ],
  async run(context, { flags }) {
    const storePath = storePathOf(context.storeFolder);
    if (flags.stop) return stop(context, storePath);
    if (flags.status) return describe(context, storePath);
    const start = { ...context.startOptions(storePath), stays: true };
    const port = flags.http || flags.port > 0 ? flags.port : null;
    if (flags.detach || (port !== null && (await runningDaemon(storePath)) !== null)) {
      const found = await ensureDaemon(start, startTimeoutMs);
      if (found !== null) {
        const http = port === null ? null : await openHttp(start, port);
        return report(context, { pid: found.pid, store: storePath, socket: found.socket, http: http?.url ?? null });
      }
      if (flags.detach) {
        throw new CoppiceError('DAEMON_UNREACHABLE', 'the daemon did not start', {
          hint: 'run `coppice serve` without --detach to see why',
        });
      }
    }
    const firstRepo = flags['on-demand'] && context.globals.repo !== undefined ? context.repo : undefined;
    return serve(context, { storePath, port, onDemand: flags['on-demand'], firstRepo });
  },
});

const startTimeoutMs = 15_000;

async function serve(
  context: CommandContext,
  options: { storePath: string; port: number | null; onDemand: boolean; firstRepo: string | undefined },
): Promise<0> {
  const log = (message: string): void => context.tell(`${new Date().toISOString()} ${message}\n`);
  const daemon = await runDaemon({ ...options, version: readVersion(), log });
  const { socket, http } = daemon;
  context.surviveFaults((fault) => daemon.survive(fault));
  if (!options.onDemand) {
    await report(context, { pid: process.pid, store: options.storePath, socket, http: http?.url ?? null });
  }
  context.signal.addEventListener('abort', () => void daemon.stop());
  await daemon.wait();
  return 0;
}

interface Served {
  readonly pid: number;
  readonly store: string;
  readonly socket: string;
  readonly http: string | null;
}

async function report(context: CommandContext, served: Served): Promise<0> {
  if (context.json) context.out.json(served);
  else {
    const { pid, store, http } = served;
    context.out.write(
      `serving ${store} (process ${pid})${http === null ? '' : ` at ${context.paint('cyan', http)}`}\n`,
    );
  }
  context.out.flush();
  await context.io.stdout.drain();
  if (served.http !== null && !context.json) context.note(`the token for HTTP is in ${tokenFileOf(served.store)}`);
  return 0;
}

async function stop(context: CommandContext, storePath: string): Promise<0 | 1> {
  const stopped = await stopDaemon(storePath);
  if (context.json) context.out.json({ stopped });
  else context.out.write(stopped ? 'the daemon has ended\n' : 'no daemon serves this store\n');
  return stopped ? 0 : 1;
}

async function describe(context: CommandContext, storePath: string): Promise<0 | 1> {
  const { describeDaemon } = await import('../../daemon/index.js');
  const found = await describeDaemon(storePath);
  if (context.json) context.out.json(found ?? { running: false });
  else if (found === null) context.out.write('no daemon serves this store\n');
  else {
    const { formatDaemon } = await import('../daemon-output.js');
    context.out.write(formatDaemon(found, context.paint));
  }
  return found === null ? 1 : 0;
}
