import { describe, expect, test } from 'vitest';
import { folderOf, listAt, shown } from './support.js';

const manifest = JSON.stringify({ name: 'app', dependencies: { a: '^1.0.0' }, devDependencies: { '@s/d': '~3.0.0' } });

/** One tree as every lock file writes it: a@1 needs b@2; @s/d@3, for development, needs b@1. */
const locks: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'package-lock 1': [
    'package-lock.json',
    JSON.stringify({
      lockfileVersion: 1,
      dependencies: {
        a: { version: '1.0.0', integrity: 'sha512-a', requires: { b: '^2.0.0' } },
        b: { version: '2.0.0', integrity: 'sha512-b' },
        '@s/d': {
          ...{ version: '3.0.0', dev: true, integrity: 'sha512-d', requires: { b: '^1.0.0' } },
          dependencies: { b: { version: '1.0.0', dev: true, integrity: 'sha512-b1' } },
        },
      },
    }),
  ],
  ...Object.fromEntries(
    [2, 3].map((version) => [
      `package-lock ${version}`,
      [
        version === 2 ? 'npm-shrinkwrap.json' : 'package-lock.json',
        JSON.stringify({
          lockfileVersion: version,
          packages: {
            '': JSON.parse(manifest),
            'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', dependencies: { b: '^2.0.0' } },
            'node_modules/b': { version: '2.0.0', integrity: 'sha512-b' },
            'node_modules/@s/d': { version: '3.0.0', dev: true, integrity: 'sha512-d', dependencies: { b: '^1.0.0' } },
            'node_modules/@s/d/node_modules/b': { version: '1.0.0', dev: true, integrity: 'sha512-b1' },
          },
        }),
      ] as const,
    ]),
  ),
  'yarn 1': [
    'yarn.lock',
    `# yarn lockfile v1


"@s/d@~3.0.0":
  version "3.0.0"
  resolved "https://x/d.tgz#0000000000000000000000000000000000000000"
  integrity sha512-d
  dependencies:
    b "^1.0.0"

a@^1.0.0:
  version "1.0.0"
  integrity sha512-a
  dependencies:
    b "^2.0.0"

b@^1.0.0:
  version "1.0.0"
  integrity sha512-b1

b@^2.0.0, b@>=2:
  version "2.0.0"
  integrity sha512-b
`,
  ],
  'yarn 4': [
    'yarn.lock',
    `__metadata:
  version: 8
  cacheKey: 10c0

"@s/d@npm:~3.0.0":
  version: 3.0.0
  resolution: "@s/d@npm:3.0.0"
  dependencies:
    b: "npm:^1.0.0"
  checksum: 10c0/d
  languageName: node
  linkType: hard

"a@npm:^1.0.0":
  version: 1.0.0
  resolution: "a@npm:1.0.0"
  dependencies:
    b: "npm:^2.0.0"
  checksum: 10c0/a
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    a: "npm:^1.0.0"
  languageName: unknown
  linkType: soft

"b@npm:^1.0.0":
  version: 1.0.0
  resolution: "b@npm:1.0.0"
  checksum: 10c0/b1
  linkType: hard

"b@npm:>=2, b@npm:^2.0.0":
  version: 2.0.0
  resolution: "b@npm:2.0.0"
  checksum: 10c0/b
  linkType: hard
`,
  ],
  'pnpm 5': [
    'pnpm-lock.yaml',
    `lockfileVersion: 5.4
specifiers: { a: ^1.0.0, '@s/d': ~3.0.0 }
dependencies:
  a: 1.0.0
devDependencies:
  '@s/d': 3.0.0_b@1.0.0
packages:
  /@s/d/3.0.0_b@1.0.0:
    resolution: {integrity: sha512-d}
    dependencies:
      b: 1.0.0
    dev: true
  /a/1.0.0:
    resolution: {integrity: sha512-a}
    dependencies:
      b: 2.0.0
  /b/1.0.0:
    resolution: {integrity: sha512-b1}
  /b/2.0.0:
    resolution: {integrity: sha512-b}
`,
  ],
  'pnpm 6': [
    'pnpm-lock.yaml',
    `lockfileVersion: '6.0'
dependencies:
  a:
    specifier: ^1.0.0
    version: 1.0.0
devDependencies:
  '@s/d':
    specifier: ~3.0.0
    version: 3.0.0(b@1.0.0)
packages:
  /@s/d@3.0.0(b@1.0.0):
    resolution: {integrity: sha512-d}
    dependencies:
      b: 1.0.0
  /a@1.0.0:
    resolution: {integrity: sha512-a}
    dependencies:
      b: 2.0.0
  /b@1.0.0:
    resolution: {integrity: sha512-b1}
  /b@2.0.0:
    resolution: {integrity: sha512-b}
`,
  ],
  'pnpm 9': [
    'pnpm-lock.yaml',
    `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0
    devDependencies:
      '@s/d':
        specifier: ~3.0.0
        version: 3.0.0(b@1.0.0)
packages:
  '@s/d@3.0.0':
    resolution: {integrity: sha512-d}
  a@1.0.0:
    resolution: {integrity: sha512-a}
  b@1.0.0:
    resolution: {integrity: sha512-b1}
  b@2.0.0:
    resolution: {integrity: sha512-b}
snapshots:
  '@s/d@3.0.0(b@1.0.0)':
    dependencies:
      b: 1.0.0
  a@1.0.0:
    dependencies:
      b: 2.0.0
  b@1.0.0: {}
  b@2.0.0: {}
`,
  ],
};

describe('lock files', () => {
  test.each(Object.entries(locks))('%s', async (_, [file, text]) => {
    const listing = await listAt(folderOf({ 'package.json': manifest, [file]: text }), { installed: false });
    const facts = shown(listing).map((line) => line.replace(/ \S*node_modules\S*/, ''));
    expect(facts.sort()).toEqual([
      '@s/d@3.0.0 direct dev missing',
      'a@1.0.0 direct missing',
      'b@1.0.0 dev missing < @s/d@3.0.0',
      'b@2.0.0 missing < a@1.0.0',
    ]);
    expect(listing.packages.every(({ integrity }) => integrity !== null)).toBe(true);
  });

  const all = Object.entries(locks);
  const damages: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['in conflict', (text) => `<<<<<<< ours\n${text}\n=======\n${text}\n>>>>>>> theirs\n`, /^LOCKFILE_INVALID/],
    [
      'of no known version',
      (text) => text.replace(/(lockfileVersion"?: ?'?|lockfile v)\d+/, '$1997'),
      /^LOCKFILE_UNSUPPORTED/,
    ],
    ['a list', () => '[1, 2]', /^LOCKFILE_(INVALID|UNSUPPORTED)/],
    ['no text', () => '\0\x01\x02', /^LOCKFILE_(INVALID|UNSUPPORTED)/],
  ];
  test.each(
    all.flatMap(([kind, lock]) =>
      damages.map(([how, damage, code]) => [`${kind}, ${how}`, lock, damage, code] as const),
    ),
  )('%s: a coded error', async (name, [file, text], damage, code) => {
    if (name === 'yarn 4, of no known version') return; // its version says nothing of its notation
    const folder = folderOf({ 'package.json': manifest, [file]: damage(text) });
    const error = await listAt(folder, { installed: false }).then(
      ({ packages }) => `none: ${packages.length}`,
      (failure: { code?: string }) => failure.code ?? 'no code',
    );
    expect(error).toMatch(code);
    // Where something is installed, that counts, and the lock file is told of.
    const installed = await listAt(folder);
    expect(installed.skipped.map(({ what }) => what)).toEqual([file]);
  });

  test('a lock file cut off anywhere gives a listing or a coded error', async () => {
    for (const [file, text] of Object.values(locks)) {
      for (let length = 0; length < text.length; length += 37) {
        const folder = folderOf({ 'package.json': manifest, [file]: text.slice(0, length) });
        await listAt(folder, { installed: false }).catch((error: { code?: string }) =>
          expect(error.code).toMatch(/^LOCKFILE_/),
        );
      }
    }
  });

  test('places outside of the project are refused', async () => {
    const evil = JSON.stringify({
      lockfileVersion: 3,
      packages: { 'node_modules/../../../etc': { version: '1.0.0' } },
    });
    await expect(listAt(folderOf({ 'package-lock.json': evil }), { installed: false })).rejects.toMatchObject({
      code: 'LOCKFILE_INVALID',
    });
    const nested = JSON.stringify({ lockfileVersion: 1, dependencies: { '../x': { version: '1.0.0' } } });
    await expect(listAt(folderOf({ 'package-lock.json': nested }), { installed: false })).rejects.toMatchObject({
      code: 'LOCKFILE_INVALID',
    });
  });
});
