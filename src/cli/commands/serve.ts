import { join } from 'node:path';
import { CoppiceError } from '../../base/index.js';
import {
  ensureDaemon,
  openHttp,
  readUsers,
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
    host: { type: 'string', value: 'ADDRESS', help: 'listen for HTTP there instead of on 127.0.0.1; needs --users' },
    users: {
      type: 'string',
      value: 'FILE',
      help: 'who may ask over HTTP, and for which repositories (or COPPICE_USERS)',
    },
    remote: { type: 'string', value: 'REMOTE', help: 'a search node: serve what is published there, without a clone' },
    cache: { type: 'string', value: 'DIR', help: 'of a search node: where what it has read lies; may be lost' },
    'cache-size': { type: 'string', value: 'SIZE', default: '20G', help: 'of a search node: how large that may get' },
    detach: { type: 'boolean', help: 'run in the background' },
    'on-demand': { type: 'boolean', help: 'end when it is no longer used' },
    stop: { type: 'boolean', help: 'end the daemon that runs' },
    status: { type: 'boolean', help: 'tell about the daemon that runs; exit 1 if none does' },
  },
  examples: [
    { command: 'coppice serve --http --port 7878', does: 'in this terminal, until Ctrl-C' },
    { command: 'coppice serve --http --remote s3://team/coppice --cache /var/cache/coppice', does: 'a search node' },
    { command: 'coppice serve --detach', does: 'in the background' },
    { command: 'coppice serve --stop', does: 'end it' },
  ],
  async run(context, { flags }) {
    const node = nodeOf(context, flags);
    const storePath = node === null ? storePathOf(context.storeFolder) : join(node.cache, 'store');
    if (flags.stop) return stop(context, storePath);
    if (flags.status) return describe(context, storePath);
    const start = { ...context.startOptions(storePath), stays: true };
    const port = flags.http || flags.port > 0 ? flags.port : null;
    const isOwn = node !== null || flags.users !== undefined || flags.host !== undefined;
    if (isOwn) return serveOthers(context, storePath, port, node, flags);
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
    const firstRepo = flags['on-demand'] && context.isRepoNamed ? context.where : undefined;
    return serve(context, { storePath, port, onDemand: flags['on-demand'], firstRepo });
  },
});

const startTimeoutMs = 15_000;

interface NodeFlags {
  readonly host: string | undefined;
  readonly users: string | undefined;
  readonly remote: string | undefined;
  readonly cache: string | undefined;
  readonly 'cache-size': string;
}

/** What makes it a search node; null when it is none. USAGE. */
function nodeOf(
  context: CommandContext,
  flags: NodeFlags,
): { remote: string; cache: string; cacheBytes: number } | null {
  const { remote, cache, 'cache-size': size } = flags;
  if (remote === undefined) {
    if (cache === undefined) return null;
    throw new CoppiceError('USAGE', '--cache is of a search node', { hint: 'name the remote with --remote' });
  }
  if (cache === undefined) {
    throw new CoppiceError('USAGE', 'a search node needs a folder for what it reads', {
      hint: 'name one with --cache DIR',
    });
  }
  const [, digits, unit] = /^(\d+)([KMGT]?)i?B?$/i.exec(size) ?? [];
  if (digits === undefined) {
    throw new CoppiceError('USAGE', `'${size}' is no size`, { hint: 'give --cache-size as 500M or 20G' });
  }
  const cacheBytes = Number(digits) * 1024 ** ' KMGT'.indexOf((unit || ' ').toUpperCase());
  const address =
    /^[a-z][a-z0-9+.-]+:/i.test(remote) && !/^file:[^/]/.test(remote)
      ? remote
      : `file:${context.pathOf(remote.replace(/^file:/, ''))}`;
  return { remote: address, cache: context.pathOf(cache), cacheBytes };
}

/** Serves a search node, or users, from this process. */
async function serveOthers(
  context: CommandContext,
  storePath: string,
  port: number | null,
  node: ReturnType<typeof nodeOf>,
  { host, users: file }: NodeFlags,
): Promise<0> {
  if (port === null) {
    throw new CoppiceError('USAGE', 'users and search nodes are served over HTTP', { hint: 'add --http or --port N' });
  }
  const log = (message: string): void => context.tell(`${new Date().toISOString()} ${message}\n`);
  const text = context.io.env['COPPICE_USERS'];
  const users =
    file !== undefined
      ? readUsers(context.pathOf(file), undefined, log)
      : text !== undefined && text !== ''
        ? readUsers(null, text, log)
        : undefined;
  const isLoopback = host === undefined || /^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(host);
  if (!isLoopback && users === undefined) {
    throw new CoppiceError('USAGE', `listening on ${host} needs to know who may ask`, {
      hint: 'give --users FILE; TLS is for a proxy in front',
    });
  }
  return serve(context, {
    storePath,
    port,
    onDemand: false,
    ...(node === null
      ? {}
      : { node: { remote: node.remote, folder: join(node.cache, 'repositories'), cacheBytes: node.cacheBytes } }),
    ...(users === undefined ? {} : { users }),
    ...(host === undefined ? {} : { host }),
  });
}

async function serve(
  context: CommandContext,
  options: Omit<Parameters<typeof runDaemon>[0], 'version' | 'log'>,
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
  await context.out.end();
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
    const { formatDaemon } = await import('../results/daemon-output.js');
    context.out.write(formatDaemon(found, context.paint));
  }
  return found === null ? 1 : 0;
}
