import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { agentOptions, requestOnce } from '../../src/remote/storage/http-request.js';

afterEach(() => vi.unstubAllEnvs());

test('a proxy of the environment is for who tells Node to use it', () => {
  const env = { HTTPS_PROXY: 'http://proxy.example:3128' };
  expect(agentOptions(env)).toEqual({ keepAlive: true, maxSockets: 16 });
  expect(agentOptions({ ...env, NODE_USE_ENV_PROXY: '1' })).toMatchObject({ proxyEnv: env });
});

const [major, minor] = process.versions.node.split('.').map(Number);

test.skipIf(major! < 24 || (major === 24 && minor! < 5))('it is asked then', async () => {
  const proxy = createServer(({ url }, response) => void response.end(`by the proxy: ${url}`));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const url = new URL('http://s3.invalid/bucket/a');
  const { body } = await requestOnce({ method: 'GET', url, headers: {}, signal: AbortSignal.timeout(5000) });
  expect(body.toString()).toBe('by the proxy: http://s3.invalid/bucket/a');
  proxy.closeAllConnections();
  proxy.close();
});
