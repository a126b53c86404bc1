// The bundled embedding, from public repositories to the model file: `npm run bench -- embedding STEP …` (bench/embedding/README.md).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { StaticModel } from '../src/embedding/index.js';
import { readCorpus } from './embedding/corpus.js';
import type { Corpus } from './embedding/corpus.js';
import recipe from './embedding/recipe.json' with { type: 'json' };
import { teacherVectors } from './embedding/teacher.js';
import { Trainer, prepare, validate } from './embedding/train.js';
import { countVocabulary, firstVectors } from './embedding/vocabulary.js';
import type { Vocabulary } from './embedding/vocabulary.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repos: { type: 'string' },
    out: { type: 'string' },
    never: { type: 'string' },
    teacher: { type: 'string' },
    part: { type: 'string', default: '0/1' },
    /** Changes of the recipe's training, as JSON. */
    set: { type: 'string', default: '{}' },
    name: { type: 'string', default: 'model' },
    'no-held-out': { type: 'boolean', default: false },
  },
});
const [step] = positionals;
const { out } = values;
if (out === undefined) usage();
mkdirSync(join(out, 'corpus'), { recursive: true });
const training = {
  ...recipe.training,
  seed: recipe.seed,
  ...(JSON.parse(values.set) as Partial<typeof recipe.training>),
};
const teacherDimension = 384;

switch (step) {
  case 'corpus':
    await readCorpora();
    break;
  case 'vocabulary': {
    const vocabulary = countVocabulary(corpora(), recipe.vocabulary);
    const { terms, surfaces, probabilities } = vocabulary;
    writeFileSync(join(out, 'vocabulary.json'), JSON.stringify({ terms, surfaces, probabilities: [...probabilities] }));
    console.log(`${terms.length} terms; the last ones: ${terms.slice(-10).join(' ')}`);
    break;
  }
  case 'teacher': {
    if (values.teacher === undefined) usage();
    const { surfaces } = vocabulary();
    const vectors = await teacherVectors(values.teacher, surfaces, (done) =>
      progress(`${done} of ${surfaces.length} words`),
    );
    writeFileSync(join(out, 'teacher.f32'), Buffer.from(vectors.buffer));
    break;
  }
  case 'train':
    await train();
    break;
  default:
    usage();
}

async function readCorpora(): Promise<void> {
  if (values.repos === undefined || values.never === undefined) usage();
  const never = readFileSync(values.never, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const forbidden = new Set(
    never.map((name) =>
      name
        .split('/')[1]!
        .toLowerCase()
        .replace(/\.\w+$/, ''),
    ),
  );
  for (const word of ['json', 'plug', 'rack', 'express', 'click', 'cats', 'plug']) forbidden.delete(word); // words of all trades
  const [part, parts] = values.part.split('/').map(Number) as [number, number];
  for (const [i, { repository, commit }] of recipe.repositories.entries()) {
    if (i % parts !== part) continue;
    if (never.some((name) => name.toLowerCase() === repository.toLowerCase()))
      throw new Error(`never train on ${repository}`);
    const file = corpusFile(repository);
    if (existsSync(file)) continue;
    const start = performance.now();
    const gitDir = join(values.repos, repository.replace('/', '+'), 'repo');
    const corpus = await readCorpus(repository, gitDir, commit, forbidden);
    writeFileSync(file, JSON.stringify(corpus));
    const kinds: Record<string, number> = {};
    for (const { kind } of corpus.pairs) kinds[kind] = (kinds[kind] ?? 0) + 1;
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`${repository}: ${corpus.chunks.length} chunks, ${JSON.stringify(kinds)}, ${seconds} s`);
  }
}

async function train(): Promise<void> {
  const { dimension } = training;
  const known = vocabulary();
  const bytes = readFileSync(join(out!, 'teacher.f32'));
  const teacher = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const vectors = await firstVectors(teacher, teacherDimension, dimension, known);
  // The model's own way from terms to rows; its rows are in order of keys, ours in the vocabulary's.
  const head = { space: { model: 'coppice-code', revision: '1', dimension }, fields: training.fields };
  const numbers = Float32Array.from({ length: known.terms.length }, (_, i) => i + 1);
  const order = StaticModel.load(
    StaticModel.encode({ ...head, space: { ...head.space, dimension: 1 } }, known.terms, numbers),
  );
  const rowNumber = Array.from(order.scales, (scale) => Math.round(scale * 127) - 1);
  const rowsOf = (term: string): readonly number[] => order.rowsOf(term).map((row) => rowNumber[row]!);
  const all = [...corpora()].map((corpus) => prepare(corpus, rowsOf));
  const heldOut = all.filter(({ repository }) => recipe.heldOut.includes(repository));
  const trained = values['no-held-out'] ? all : all.filter((corpus) => !heldOut.includes(corpus));
  console.log(`${trained.length} repositories, ${trained.reduce((sum, { pairs }) => sum + pairs.length, 0)} pairs`);
  console.log('before', await validate(heldOut, vectors, dimension, training.fields));
  const start = performance.now();
  const trainer = await Trainer.create(vectors, training);
  trainer.run(trained, (step, steps, loss) =>
    progress(`step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${Math.round((performance.now() - start) / 1000)} s`),
  );
  const figures = await validate(heldOut, trainer.result, dimension, training.fields);
  console.log('after', await validate(heldOut, vectors, dimension, training.fields));
  console.log('mean', figures);
  writeFileSync(join(out!, `${values.name}.bin`), StaticModel.encode(head, known.terms, trainer.result));
  writeFileSync(join(out!, `${values.name}.json`), JSON.stringify({ training, figures }, null, 1));
}

function* corpora(): Generator<Corpus> {
  for (const { repository } of recipe.repositories) {
    const file = corpusFile(repository);
    if (existsSync(file)) yield JSON.parse(readFileSync(file, 'utf8')) as Corpus;
  }
}

function vocabulary(): Vocabulary {
  const { terms, surfaces, probabilities } = JSON.parse(readFileSync(join(out!, 'vocabulary.json'), 'utf8')) as Record<
    'terms' | 'surfaces',
    string[]
  > & { probabilities: number[] };
  return { terms, surfaces, probabilities: Float64Array.from(probabilities) };
}

function corpusFile(repository: string): string {
  return join(out!, 'corpus', `${repository.replace('/', '+')}.json`);
}

function progress(text: string): void {
  console.log(text);
}

function usage(): never {
  console.error('usage: npm run bench -- embedding corpus|vocabulary|teacher|train --out DIR …');
  process.exit(2);
}
