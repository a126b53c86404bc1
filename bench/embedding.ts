// The bundled embedding, from public repositories to the model file: `npm run bench -- embedding STEP …` (bench/embedding/README.md).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { readCorpus } from './embedding/corpus.js';
import recipe from './embedding/recipe.json' with { type: 'json' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repos: { type: 'string' },
    out: { type: 'string' },
    never: { type: 'string' },
    part: { type: 'string', default: '0/1' },
  },
});
const [step] = positionals;
if (values.out === undefined) usage();
mkdirSync(values.out, { recursive: true });

switch (step) {
  case 'corpus': {
    if (values.repos === undefined || values.never === undefined) usage();
    const never = readFileSync(values.never, 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const forbidden = new Set(never.map((name) => name.split('/')[1]!.toLowerCase().replace(/\.\w+$/, '')));
    for (const name of ['go', 'http', 'json', 'plug', 'rack', 'express', 'click', 'cats']) forbidden.delete(name);
    const [part, parts] = values.part.split('/').map(Number) as [number, number];
    for (const [i, { repository, commit }] of recipe.repositories.entries()) {
      if (i % parts !== part) continue;
      if (never.some((name) => name.toLowerCase() === repository.toLowerCase())) throw new Error(`never train on ${repository}`);
      const out = join(values.out, `${repository.replace('/', '+')}.json`);
      if (existsSync(out)) continue;
      const start = performance.now();
      const corpus = await readCorpus(repository, join(values.repos, repository.replace('/', '+'), 'repo'), commit, forbidden);
      writeFileSync(out, JSON.stringify(corpus));
      const kinds: Record<string, number> = {};
      for (const { kind } of corpus.pairs) kinds[kind] = (kinds[kind] ?? 0) + 1;
      console.log(`${repository}: ${corpus.chunks.length} chunks, ${JSON.stringify(kinds)}, ${Math.round((performance.now() - start) / 1000)} s`);
    }
    break;
  }
  default:
    usage();
}

function usage(): never {
  console.error('usage: npm run bench -- embedding corpus --repos DIR --never FILE --out DIR [--part I/N]');
  process.exit(2);
}
