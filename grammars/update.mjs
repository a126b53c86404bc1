// Fetches the grammars that sources.json names from the npm registry and rewrites the table in README.md.
// Run: node grammars/update.mjs [language…]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const sources = JSON.parse(readFileSync(join(here, 'sources.json'), 'utf8'));
const wanted = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'grammars-'));
const unpacked = new Map();

/** Folder of the unpacked package; each is fetched once though several languages may come from it. */
function unpack(spec) {
  let folder = unpacked.get(spec);
  if (folder === undefined) {
    folder = mkdtempSync(join(scratch, 'package-'));
    const tarball = execFileSync('npm', ['pack', '--silent', spec], { cwd: folder, encoding: 'utf8' }).trim().split('\n').pop();
    execFileSync('tar', ['xzf', tarball, '--strip-components=1'], { cwd: folder });
    unpacked.set(spec, folder);
  }
  return folder;
}

try {
  for (const [language, source] of Object.entries(sources)) {
    if (wanted.length > 0 && !wanted.includes(language)) continue;
    const [spec, file] = source.split(':');
    const folder = unpack(spec);
    const license = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    mkdirSync(join(here, language), { recursive: true });
    cpSync(join(folder, file), join(here, language, 'grammar.wasm'));
    if (license !== undefined) cpSync(join(folder, license), join(here, language, 'LICENSE'));
    else if (!existsSync(join(here, language, 'LICENSE'))) console.warn(`${language}: ${spec} carries no licence file; add it by hand`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const rows = Object.entries(sources).map(([language, source]) => {
  const sha256 = createHash('sha256').update(readFileSync(join(here, language, 'grammar.wasm'))).digest('hex');
  return `| ${language} | ${source.split(':')[0]} | ${sha256} |`;
});
const readme = readFileSync(join(here, 'README.md'), 'utf8');
const [head] = readme.split('| language |');
writeFileSync(join(here, 'README.md'), `${head}| language | npm package | sha256 of grammar.wasm |\n|---|---|---|\n${rows.join('\n')}\n`);
