import { describe, expect, test } from 'vitest';

import type { CoppiceError } from '../../src/base/index.js';
import { parseEmbeddingConfig } from '../../src/embedding/index.js';
import { looksSecret } from '../../src/endpoint/index.js';
import { parseRerankConfig } from '../../src/reranking/index.js';

const path = '/store/config.json';
const http = { provider: 'openai', endpoint: 'http://127.0.0.1:11434/v1', model: 'words' };
const secret = 'sk-0123456789';

describe('the setting "embedding"', () => {
  test('has defaults for what need not be said', () => {
    expect(parseEmbeddingConfig({ provider: 'bundled' }, path)).toBe(null);
    expect(parseEmbeddingConfig(http, path)).toEqual({
      ...http,
      dimensions: null,
      apiKeyEnv: null,
      revision: '',
      queryPrefix: null,
      documentPrefix: null,
      maxChars: 8000,
      batchSize: 32,
      concurrency: 4,
      timeoutMs: 60_000,
    });
    expect(parseEmbeddingConfig({ provider: 'onnx', path: 'models/a' }, path)).toMatchObject({
      path: '/store/models/a',
      file: 'onnx/model.onnx',
      model: null,
    });
  });

  test.each([
    ['nothing', null, 'provider'],
    ['text', 'openai', 'provider'],
    ['an unknown provider', { provider: 'magic' }, 'provider'],
    ['no endpoint', { ...http, endpoint: undefined }, 'endpoint'],
    ['no model', { ...http, model: '' }, 'model'],
    ['a file as endpoint', { ...http, endpoint: 'file:///etc/passwd' }, 'endpoint'],
    ['no address as endpoint', { ...http, endpoint: 'localhost' }, 'endpoint'],
    ['a key in the endpoint', { ...http, endpoint: `https://user:${secret}@example.com/v1` }, 'endpoint'],
    ['a key in the place of its name', { ...http, apiKeyEnv: secret }, 'apiKeyEnv'],
    ['a key', { ...http, apiKey: secret }, 'apiKey'],
    ['a fraction', { ...http, dimensions: 1.5 }, 'dimensions'],
    ['too few characters', { ...http, maxChars: 1 }, 'maxChars'],
    ['text for a number', { ...http, batchSize: '3' }, 'batchSize'],
    ['a setting of another provider', { ...http, path: 'x' }, 'path'],
    ['a setting of an object', { ...http, constructor: 1 }, 'constructor'],
    ['a setting of the bundled one', { provider: 'bundled', model: 'x' }, 'model'],
    ['no path', { provider: 'onnx' }, 'path'],
    ['a file elsewhere', { provider: 'onnx', path: 'x', file: '../model.onnx' }, 'file'],
  ])('that has %s is an error that names the field, and no value', (_, given, field) => {
    const error = failureOf(() => parseEmbeddingConfig(given, path));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toMatch(new RegExp(`^/store/config\\.json: "embedding\\.${field}" `));
    expect(error.hint).toMatch(/\w/);
    expect(JSON.stringify(error)).not.toContain(secret);
  });
});

describe('the setting "rerank"', () => {
  test('has defaults for what need not be said', () => {
    const given = { endpoint: 'https://example.com/v1', model: 'judge' };
    const filled = { ...given, provider: 'rerank', topN: 30, timeoutMs: 2000, apiKeyEnv: null };
    expect(parseRerankConfig(given, undefined, path)).toEqual(filled);
  });

  test.each([
    [null, '"rerank" must be an object'],
    [{ model: 'judge' }, '"rerank.endpoint" must be'],
    [{ endpoint: 'https://example.com', model: 'judge', topN: 1 }, '"rerank.topN" must be'],
    [{ endpoint: 'https://example.com', model: 'judge', key: secret }, '"rerank.key" is no setting'],
  ])('%j is an error that says so', (given, message) => {
    const error = failureOf(() => parseRerankConfig(given, undefined, path));
    expect(error.message).toContain(message);
    expect(JSON.stringify(error)).not.toContain(secret);
  });
});

describe('files that look like secrets', () => {
  test.each([
    ...[
      '.env',
      'app/.env',
      '.env.production',
      '.ENV.local',
      'prod.env',
      '.envrc',
      'server.pem',
      'tls/private.KEY',
      'store.p12',
    ],
    ...[
      'id_rsa',
      '.ssh/config',
      'home/.aws/config',
      '.npmrc',
      '.netrc',
      '.pypirc',
      '.pgpass',
      '.git-credentials',
      '_netrc',
    ],
    ...['credentials', 'credentials.json', 'secrets.yml', 'secret.yaml', 'config/secrets.json', 'db-credentials.yaml'],
    ...[
      'passwords.kdbx',
      'release.keystore',
      'terraform.tfstate',
      'prod.tfvars',
      'service-account.json',
      '.vault-token',
    ],
    ...['id_ed25519_sk', 'id_rsa.old', 'terraform.tfstate.backup', 'client_secret.json', '.docker/config.json'],
  ])('%s is one', (path) => expect(looksSecret(path)).toBe(true));

  test.each([
    ...[
      'src/environment.ts',
      'src/env.ts',
      'keyboard.ts',
      'keys.ts',
      'src/secret-store.ts',
      'monkey.go',
      'docs/ssh.md',
    ],
    ...[
      'tokenizer.json',
      'credential-provider.ts',
      'README.md',
      'public.key.ts',
      'password-input.tsx',
      'docker/Dockerfile',
    ],
  ])('%s is none', (path) => expect(looksSecret(path)).toBe(false));
});

function failureOf(action: () => unknown): CoppiceError {
  try {
    action();
  } catch (error) {
    return error as CoppiceError;
  }
  throw new Error('it did not fail');
}
