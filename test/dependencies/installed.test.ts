import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PackageIndex, isLeftOut, packageFiles, selectPackages } from '../../src/dependencies/index.js';
import { folderOf, listAt, shown, zipOf, type ZipPart } from './support.js';

const pkg = (name: string, version: string, more: object = {}): string => JSON.stringify({ name, version, ...more });
const pathsOf = (listing: Awaited<ReturnType<typeof listAt>>): string[] =>
  listing.packages.flatMap((one) => [...packageFiles(one)].map(({ path }) => `${one.place}/${path}`)).sort();

describe('installed packages', () => {
  test('hoisted and nested ones, members of a workspace, and what is left over', async () => {
    const root = folderOf({
      'package.json': JSON.stringify({ workspaces: ['packages/*'], devDependencies: { tool: '*' } }),
      'packages/one/package.json': pkg('one', '1.0.0', { dependencies: { a: '^1', b: '*' } }),
      'packages/one/node_modules/b/package.json': pkg('b', '1.0.0'),
      'node_modules/one': '->../packages/one',
      'node_modules/a/package.json': pkg('a', '1.2.0', { dependencies: { b: '^2', '@s/c': '*' } }),
      'node_modules/a/index.js': 'a',
      'node_modules/a/index.js.map': 'map',
      'node_modules/a/lib/x.min.js': 'min',
      'node_modules/a/test/node_modules/fixture/f.js': 'of the package itself',
      'node_modules/a/node_modules/b/package.json': pkg('b', '2.0.0'),
      'node_modules/b/package.json': pkg('b', '3.0.0'),
      'node_modules/@s/c/package.json': pkg('@s/c', '0.1.0'),
      'node_modules/tool/package.json': pkg('tool', '5.0.0', { peerDependencies: { b: '*' } }),
      'node_modules/left/index.js': 'no manifest',
      'node_modules/.bin/tool': '->../tool/cli.js',
      'node_modules/.cache/x/package.json': pkg('x', '1.0.0'),
    });
    const listing = await listAt(root);
    expect(shown(listing)).toEqual([
      '@s/c@0.1.0 node_modules/@s/c < a@1.2.0',
      'a@1.2.0 node_modules/a direct',
      'b@2.0.0 node_modules/a/node_modules/b < a@1.2.0',
      'b@3.0.0 node_modules/b dev < tool@5.0.0',
      'left@ node_modules/left',
      'tool@5.0.0 node_modules/tool direct dev',
      'b@1.0.0 packages/one/node_modules/b direct',
    ]);
    expect(listing.skipped).toEqual([]);
    expect(pathsOf(listing).filter((path) => path.startsWith('node_modules/a/'))).toEqual([
      'node_modules/a/index.js',
      'node_modules/a/node_modules/b/package.json',
      'node_modules/a/package.json',
      'node_modules/a/test/node_modules/fixture/f.js',
    ]);
  });

  test("pnpm's links, and links in a circle, to nowhere and out of the tree", async () => {
    const outside = folderOf({ 'package.json': pkg('outside', '1.0.0'), 'secret.txt': 'secret' });
    const root = folderOf({
      'package.json': JSON.stringify({ dependencies: { a: '*', named: 'link:../elsewhere', around: 'link:..' } }),
      'node_modules/.pnpm/a@1.0.0/node_modules/a/package.json': pkg('a', '1.0.0', { dependencies: { b: '*' } }),
      'node_modules/.pnpm/a@1.0.0/node_modules/a/inner': `->${outside}`,
      'node_modules/.pnpm/a@1.0.0/node_modules/a/self': '->../a',
      'node_modules/.pnpm/a@1.0.0/node_modules/b': '->../../b@2.0.0/node_modules/b',
      'node_modules/.pnpm/b@2.0.0/node_modules/b/package.json': pkg('b', '2.0.0', { dependencies: { a: '*' } }),
      'node_modules/.pnpm/b@2.0.0/node_modules/a': '->../../a@1.0.0/node_modules/a',
      'node_modules/a': '->.pnpm/a@1.0.0/node_modules/a',
      'node_modules/evil': `->${outside}`,
      'node_modules/named': `->${outside}`,
      'node_modules/loop': '->loop2',
      'node_modules/loop2': '->loop',
      'node_modules/gone': '->nowhere',
      'node_modules/itself': '->..',
      'node_modules/around': '->../..',
      'examples/one/package.json': JSON.stringify({ dependencies: { itself: 'workspace:*', a: '*' } }),
      'examples/one/node_modules/itself': '->../../..',
    });
    const listing = await listAt(root);
    expect(shown(listing)).toEqual([
      'a@1.0.0 node_modules/.pnpm/a@1.0.0/node_modules/a direct',
      'b@2.0.0 node_modules/.pnpm/b@2.0.0/node_modules/b < a@1.0.0',
      'outside@1.0.0 node_modules/named direct',
    ]);
    expect(listing.skipped.map(({ what }) => what).sort()).toEqual([
      'node_modules/around',
      'node_modules/evil',
      'node_modules/gone',
      'node_modules/loop',
      'node_modules/loop2',
    ]);
    expect(pathsOf(listing).filter((path) => path.includes('secret'))).toEqual(['node_modules/named/secret.txt']);
  });
});

const berryLock = `__metadata:
  version: 8

"a@npm:^1.0.0":
  version: 1.0.0
  resolution: "a@npm:1.0.0"
  checksum: 10c0/0123456789abcdef
  linkType: hard
`;

describe('archives of Yarn', () => {
  const installed = (archive: Buffer): Promise<Awaited<ReturnType<typeof listAt>>> =>
    listAt(
      folderOf({
        'package.json': JSON.stringify({ dependencies: { a: '^1.0.0' } }),
        'yarn.lock': berryLock,
        '.pnp.cjs': 'throw new Error("never run")',
        '.yarn/cache/a-npm-1.0.0-ffffffffff-0123456789.zip': archive,
      }),
    );
  const reading = async (archive: Buffer): Promise<string> => {
    const { packages } = await installed(archive);
    return [...packageFiles(packages[0]!)].map((file) => `${file.path}: ${file.read().toString()}`).join();
  };

  test('files are read from the archive', async () => {
    const text = (name: string, content: string): ZipPart => ({ name, content: Buffer.from(content) });
    const archive = zipOf([
      text('node_modules/a/index.js', 'one'),
      text('node_modules/a/empty', ''),
      text('node_modules/a/x.js.map', 'map'),
      text('node_modules/b/not-of-a', ''),
      { ...text('node_modules/a/link', '/etc/passwd'), mode: 0o120777 },
    ]);
    expect(await reading(archive)).toBe('index.js: one,empty: ');
    expect(shown(await installed(archive))).toEqual([
      'a@1.0.0 .yarn/cache/a-npm-1.0.0-ffffffffff-0123456789.zip/node_modules/a direct',
    ]);
  });

  const zeros = Buffer.alloc(4 * 1024 * 1024);
  test.each<[string, Buffer]>([
    ['a path out of it', zipOf([{ name: '../../x', content: Buffer.from('x') }])],
    ['an absolute path', zipOf([{ name: '/etc/x', content: Buffer.from('x') }])],
    ['a path of Windows', zipOf([{ name: 'node_modules\\a', content: Buffer.from('x') }])],
    ['more than it says', zipOf([{ name: 'node_modules/a/x', content: zeros, size: 10 }])],
    ['less than it says', zipOf([{ name: 'node_modules/a/x', content: Buffer.from('x'), size: 10 }])],
    ['a file that is too large', zipOf([{ name: 'node_modules/a/x', content: Buffer.from('x'), size: 0xfffffff0 }])],
    [
      'entries over one another',
      zipOf([0, 1, 2].map((i) => ({ name: `node_modules/a/${i}`, content: zeros, offset: 0 }))),
    ],
    [
      'many gibibytes in all',
      zipOf(
        Array.from({ length: 40 }, (_, i) => ({ name: `node_modules/a/${i}`, content: zeros, size: 60 * 1024 * 1024 })),
      ),
    ],
    ['encrypted files', zipOf([{ name: 'node_modules/a/x', content: Buffer.from('x'), flags: 1 }])],
    ['nothing', Buffer.alloc(0)],
    ['no archive', Buffer.from('hello')],
    ['an end alone', zipOf([{ name: 'node_modules/a/x', content: Buffer.from('x') }]).subarray(-22)],
  ])('an archive with %s is refused', async (_, archive) => {
    await expect(reading(archive)).rejects.toMatchObject({ code: 'PACKAGE_UNREADABLE' });
  });

  test('an archive with any byte changed is read, or refused with a code', async () => {
    const archive = zipOf([{ name: 'node_modules/a/index.js', content: Buffer.from('some text, and more of it') }]);
    for (let at = 0; at < archive.length; at++) {
      const changed = Buffer.from(archive);
      changed[at]! ^= 0xff;
      await reading(changed).catch((error: { code?: string }) => expect(error.code).toBe('PACKAGE_UNREADABLE'));
    }
  });
});

describe('other ecosystems', () => {
  test('Python: by what distributions list, never outside of their folder', async () => {
    const site = '.venv/lib/python3.11/site-packages';
    const root = folderOf({
      'requirements.txt': 'Flask>=2\n# comment\n-r other.txt\n',
      '.venv/pyvenv.cfg': '',
      [`${site}/flask-2.0.dist-info/METADATA`]:
        'Name: Flask\nVersion: 2.0\nRequires-Dist: click (>=8)\nRequires-Dist: x; extra == "y"\n\nbody\nName: no\n',
      [`${site}/flask-2.0.dist-info/RECORD`]:
        'flask/app.py,sha256=x,1\n../../../bin/flask,,\n/etc/passwd,,\n"flask/with,comma.py",,\nns/flask/a.py,,\nflask/linked/x,,\n',
      [`${site}/flask/app.py`]: 'app',
      [`${site}/flask/with,comma.py`]: 'comma',
      [`${site}/ns/flask/a.py`]: 'a',
      [`${site}/flask/linked`]: '->/etc',
      [`${site}/click-8.1.dist-info/METADATA`]: 'Name: click\nVersion: 8.1\n',
      [`${site}/click-8.1.dist-info/RECORD`]: 'click.py,,\nns/click/b.py,,\n',
      [`${site}/click.py`]: 'click',
      [`${site}/ns/click/b.py`]: 'b',
      'bin/flask': 'no',
    });
    const listing = await listAt(root);
    expect(shown(listing).sort()).toEqual([`Flask@2.0 ${site} direct`, `click@8.1 ${site} < Flask@2.0`]);
    expect(pathsOf(listing)).toEqual(
      ['click.py', 'flask/app.py', 'flask/with,comma.py', 'ns/click/b.py', 'ns/flask/a.py'].map(
        (path) => `${site}/${path}`,
      ),
    );
    const index = new PackageIndex(listing.packages);
    expect(pathsOf(listing).map((path) => index.find(path)?.name)).toEqual([
      'click',
      'Flask',
      'Flask',
      'click',
      'Flask',
    ]);
  });

  test('Go: by go.mod and go.sum, in the module cache', async () => {
    const root = folderOf({
      'go.mod':
        'module x\n\ngo 1.21\n\nrequire github.com/Masterminds/semver v3.2.1\n\nrequire (\n\tgolang.org/x/net v0.1.0 // indirect\n\tlocal/x v0.0.0\n)\nreplace local/x => ./x\n',
      'go.sum': 'golang.org/x/net v0.1.0 h1:sum=\ngolang.org/x/net v0.1.0/go.mod h1:other=\n',
      '.home/go/pkg/mod/github.com/!masterminds/semver@v3.2.1/version.go': 'package semver',
    });
    const listing = await listAt(root);
    expect(shown(listing)).toEqual([
      'github.com/Masterminds/semver@v3.2.1 go/github.com/Masterminds/semver@v3.2.1 direct',
      'golang.org/x/net@v0.1.0 go/golang.org/x/net@v0.1.0 missing',
    ]);
    expect(pathsOf(listing)).toEqual(['go/github.com/Masterminds/semver@v3.2.1/version.go']);
    await expect(listAt(folderOf({ 'go.mod': 'module x\nrequire (\n\ta v1\n' }))).rejects.toMatchObject({
      code: 'LOCKFILE_INVALID',
    });
  });

  test('Cargo: by Cargo.lock, in the registry folder', async () => {
    const root = folderOf({
      'Cargo.toml': '[package]\nname = "x"\n[dependencies]\nserde = "1"\n[dev-dependencies]\ntester = "2"\n',
      'Cargo.lock':
        'version = 3\n\n[[package]]\nname = "x"\nversion = "0.1.0"\ndependencies = ["serde", "tester"]\n\n[[package]]\nname = "serde"\nversion = "1.0.1"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "abc"\ndependencies = ["inner 2.0.0"]\n\n[[package]]\nname = "inner"\nversion = "2.0.0"\nsource = "registry+x"\n\n[[package]]\nname = "tester"\nversion = "2.0.0"\nsource = "registry+x"\n',
      '.home/.cargo/registry/src/index.crates.io-1/serde-1.0.1/src/lib.rs': 'pub mod x;',
    });
    expect(shown(await listAt(root))).toEqual([
      'inner@2.0.0 cargo/inner-2.0.0 missing < serde@1.0.1',
      'serde@1.0.1 cargo/serde-1.0.1 direct',
      'tester@2.0.0 cargo/tester-2.0.0 direct dev missing',
    ]);
    await expect(listAt(folderOf({ 'Cargo.lock': 'version = 9\n' }))).rejects.toMatchObject({
      code: 'LOCKFILE_UNSUPPORTED',
    });
    await expect(listAt(folderOf({ 'Cargo.lock': '[[package' }))).rejects.toMatchObject({ code: 'LOCKFILE_INVALID' });
  });

  test('Java: by the resolved versions, the nearest first, in the caches of Maven and Gradle', async () => {
    const pom = (id: string, version: string, dependencies: string, more = ''): string =>
      `<?xml version="1.0"?><!-- c --><project xmlns="x"><groupId>g</groupId><artifactId>${id}</artifactId><version>${version}</version>${more}<dependencies>${dependencies}</dependencies></project>`;
    const on = (id: string, version: string, more = ''): string =>
      `<dependency><groupId>g</groupId><artifactId>${id}</artifactId><version>${version}</version>${more}</dependency>`;
    const root = folderOf({
      'pom.xml': pom(
        'app',
        '1',
        on('a', '${a.version}') + on('t', '1', '<scope>test</scope>') + on('near', '2'),
        '<properties><a.version>1.5</a.version></properties>',
      ),
      '.home/.m2/repository/g/a/1.5/a-1.5.pom': pom(
        'a',
        '1.5',
        on('near', '1') +
          on('b', '3') +
          on('o', '1', '<optional>true</optional>') +
          on('x', '1', '<scope>provided</scope>'),
      ),
      'sub/gradle.lockfile': '# c\ng:locked:7=compileClasspath\nempty=\n',
      '.home/.gradle/caches/modules-2/files-2.1/g/locked/7/abc/locked-7-sources.jar': zipOf([
        { name: 'g/L.java', content: Buffer.from('class L') },
      ]),
    });
    const folder = join(root, '.home/.m2/repository/g/b/3');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'b-3-sources.jar'), zipOf([{ name: 'g/B.java', content: Buffer.from('class B') }]));
    const listing = await listAt(root);
    expect(shown(listing)).toEqual([
      'g:a@1.5 java/g/a-1.5 direct missing',
      'g:b@3 java/g/b-3 < g:a@1.5',
      'g:locked@7 java/g/locked-7',
      'g:near@2 java/g/near-2 direct missing',
      'g:t@1 java/g/t-1 direct dev missing',
    ]);
    expect(pathsOf(listing)).toEqual(['java/g/b-3/g/B.java', 'java/g/locked-7/g/L.java']);
  });
});

describe('manifests and lock files that are hostile or broken', () => {
  const good: Readonly<Record<string, string>> = {
    'go.mod': 'module x\n\ngo 1.21\n\nrequire (\n\tgolang.org/x/net v0.1.0 // indirect\n)\n',
    'Cargo.lock': 'version = 3\n\n[[package]]\nname = "serde"\nversion = "1.0.1"\nsource = "registry+x"\n',
    'poetry.lock':
      '[[package]]\nname = "click"\nversion = "8.1"\n\n[metadata]\nlock-version = "2.0"\npython-versions = "*"\n',
    'uv.lock':
      'version = 1\n\n[[package]]\nname = "click"\nversion = "8.1"\nsource = { registry = "https://pypi.org/simple" }\n',
    'Pipfile.lock': '{"_meta":{"pipfile-spec":6},"default":{"click":{"version":"==8.1"}},"develop":{}}',
    'requirements.txt': 'click==8.1\n',
    'pom.xml':
      '<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><dependencies><dependency><groupId>g</groupId><artifactId>b</artifactId><version>2</version></dependency></dependencies></project>',
    'gradle.lockfile': 'g:locked:7=compileClasspath\nempty=\n',
  };
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i} "${'&a;'.repeat(20)}">`).join('')}]>`;
  const damages: Readonly<Record<string, (text: string) => string>> = {
    'in conflict': (text) => `<<<<<<< ours\n${text}\n=======\n${text}\n>>>>>>> theirs\n`,
    'no text': () => '\0\x01\x02',
    'a list': () => '[1, 2]',
    'deeply nested': () => '{"a":'.repeat(5000) + '['.repeat(5000),
    'elements without end': () => '<a>'.repeat(100_000),
    'a bomb of entities': (text) => bomb + text.replaceAll('>g<', '>&a19;<'),
    'names that lead out': (text) =>
      text.replaceAll(/golang\.org\/x\/net|serde|click|locked|>b</g, (name) =>
        name === '>b<' ? '>../../../etc<' : '../../../etc',
      ),
    'numbers for names': (text) => text.replaceAll(/"(?:click|serde)"/g, '7'),
    'escapes in names': (text) =>
      text.replaceAll(/net v|serde|click|locked|>b</g, (name) => `\x1b[31m${name}`.replace('\x1b[31m>b', '>\x1b[31mb')),
  };
  const cases = Object.keys(good).flatMap((file) => Object.keys(damages).map((how) => [file, how] as const));
  test.each(cases)('%s, %s: a coded error, or what is left out is told', async (file, how) => {
    const root = folderOf({ [file]: damages[how]!(good[file]!) });
    for (const installed of [false, true]) {
      const startMs = performance.now();
      const told = await listAt(root, { installed }).then(
        ({ packages }) => packages.map(({ version, place }) => `@${version} ${place}`),
        ({ code }: { code?: string }) => [code ?? 'no code'],
      );
      for (const line of told) {
        expect(line).toMatch(/^LOCKFILE_(?:INVALID|UNSUPPORTED)$|@/);
        expect(line).not.toMatch(/(?:^|\/)\.\.\/|[\x00-\x1f]/);
      }
      expect(performance.now() - startMs).toBeLessThan(5000);
    }
  });

  test('one that is broken leaves the others as they are where something lies on disk', async () => {
    const root = folderOf({
      'package.json': '{"dependencies":{"a":"1"}}',
      'node_modules/a/package.json': '{"name":"a","version":"1.0.0"}',
      'fixtures/go.mod': 'module x\nrequire (\n\ta v1\n',
      'tool/go.mod': good['go.mod']!,
      'fixtures/Cargo.lock': '[[package',
    });
    const { packages, skipped } = await listAt(root);
    expect(packages.map(({ name }) => name)).toEqual(['golang.org/x/net', 'a']);
    expect(skipped.map(({ what }) => what)).toEqual(['fixtures', 'fixtures']);
    await expect(listAt(root, { installed: false })).rejects.toMatchObject({ code: 'LOCKFILE_INVALID' });
  });
});

describe('selection', () => {
  const packages = [
    'react@18.2.0',
    'react-dom@18.2.0',
    '@types/node@20.1.0',
    '@types/react@18.0.1',
    'lodash@3.0.0',
    'lodash@4.17.21',
  ].map((label, i) => {
    const at = label.lastIndexOf('@');
    return {
      ...{
        ecosystem: 'npm' as const,
        name: label.slice(0, at),
        version: label.slice(at + 1),
        integrity: null,
        place: String(i),
        origin: null,
      },
      ...{ direct: i % 2 === 0, dev: i > 3, optional: false, chain: [], resolved: null },
    };
  });
  test.each<[Parameters<typeof selectPackages>[1], string]>([
    [{}, '0,1,2,3,4,5'],
    [{ names: ['react'] }, '0'],
    [{ names: ['React*'] }, '0,1'],
    [{ names: ['@types/*', 'lodash@^4'] }, '2,3,5'],
    [{ names: ['lodash@3.0.0'] }, '4'],
    [{ names: ['*'], without: ['lodash', '@types/*'] }, '0,1'],
    [{ direct: true }, '0,2,4'],
    [{ prod: true }, '0,1,2,3'],
    [{ direct: true, prod: true, names: ['*react*', '*node'] }, '0,2'],
  ])('%j', (selection, places) => {
    expect(
      selectPackages(packages, selection)
        .map(({ place }) => place)
        .join(),
    ).toBe(places);
  });

  test('a name that none has is told, with what is near', () => {
    expect(() => selectPackages(packages, { names: ['reac'] })).toThrow(
      expect.objectContaining({ code: 'PACKAGE_NOT_FOUND', hint: expect.stringContaining('react-dom') }),
    );
    expect(() => selectPackages(packages, { names: ['lodash@5'] })).toThrow(
      expect.objectContaining({ hint: 'there are 3.0.0, 4.17.21' }),
    );
  });

  test('what is left out goes by names', () => {
    expect(
      ['a.js', 'a.min.js', 'a.js.map', 'admin.js', 'x.d.ts', 'roadmap', 'a.d.ts.map', 'a.min.css'].filter(isLeftOut),
    ).toEqual(['a.min.js', 'a.js.map', 'a.d.ts.map', 'a.min.css']);
  });
});
