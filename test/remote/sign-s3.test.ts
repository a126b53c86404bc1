import { AwsClient } from 'aws4fetch';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeS3, signS3 } from '../../src/remote/storage/sign-s3.js';

test('requests are signed as another implementation signs them, whatever is in their names', async () => {
  const names = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
  const cases = fc.record({
    // A part that is nothing but dots is no name to any client of URLs.
    path: names.filter((parts) => parts.every((part) => !/^\.+$/.test(part) && !part.includes('/'))),
    query: fc.option(fc.record({ 'list-type': fc.string(), prefix: fc.string({ unit: 'grapheme' }) }), { nil: null }),
    method: fc.constantFrom('GET', 'PUT', 'DELETE'),
    atMs: fc.integer({ min: 1e12, max: 3e12 }),
    secretAccessKey: fc.string({ minLength: 1 }),
    sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,80}$/), { nil: null }),
    region: fc.constantFrom('us-east-1', 'eu-central-2'),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ path, query, method, atMs, sessionToken, ...settings }) => {
      const asked = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeS3(value)}`);
      const url = new URL(`https://host.example:9000/bucket/${path.map(encodeS3).join('/')}?${asked.join('&')}`);
      const own = signS3({ method, url, atMs }, { ...settings, accessKeyId: 'KEY', sessionToken, endpoint: null });
      const client = new AwsClient({
        ...settings,
        accessKeyId: 'KEY',
        service: 's3',
        ...(sessionToken === null ? {} : { sessionToken }),
      });
      const datetime = own['x-amz-date']!;
      const theirs = await client.sign(url.href, { method, aws: { datetime } });
      expect(own['authorization']).toBe(theirs.headers.get('authorization'));
      expect(own['x-amz-security-token'] ?? null).toBe(theirs.headers.get('x-amz-security-token'));
    }),
    { numRuns: 100 },
  );
});
