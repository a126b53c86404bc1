import type { Descriptor } from './descriptor.js';

/** One operation of a daemon, over a connection of its own. Errors of the operation, DAEMON_UNREACHABLE. */
export async function askDaemon({ socket }: Descriptor, operation: string, body: object = {}): Promise<unknown> {
  // Node's HTTP client takes longer to load than a search takes: only who has a daemon to ask loads it.
  const { HttpClient } = await import('../../api/index.js');
  const client = new HttpClient({ socketPath: socket });
  try {
    return await client.ask(operation, body, undefined, {});
  } finally {
    client.close();
  }
}
