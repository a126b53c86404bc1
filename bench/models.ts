// Reranking by a model that knows the labels: npm run bench -- models --sets DIR --repos DIR [--only NAME,…] [--candidates 60]
// What it does not reach is lost before it (not among the candidates), on the way to it or on the way back; "possible" is what the
// candidates allow, so the difference between the last two columns is what is lost on the way. Sets as for bench:quality.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine, type Hit } from 'coppice';

import { mean, pathsMatch, scoreChunks } from '../src/evaluation/index.js';
import type { LineSpan, Target } from '../src/evaluation/index.js';
import { codeLanguages, readSets } from './quality/sets.js';
import { option, writeJson } from './support/measure.js';

const depth = 10;
const candidates = Number(option('candidates', '60'));
const only = option('only', 'cobra,click,express,rack,gson').split(',');
const { repositories, missing } = readSets(option('sets'), option('repos'));
const chosen = repositories.filter(({ name }) => only.includes(name));
if (chosen.length === 0)
  throw new Error(
    `none of ${only.join(', ')} is there${missing.length > 0 ? ` (not found: ${missing.join(', ')})` : ''}`,
  );

/** Of the repository that is asked about, by question. */
let labels = new Map<string, readonly Target[]>();
let prefix = '';
let requests = 0;

/** Positions of what answers, a place for each target before a second one for any; then the others. */
function idealOrder(spans: readonly LineSpan[], targets: readonly Target[]): number[] {
  const answers = (span: LineSpan, { path, startLine, endLine }: Target): boolean =>
    pathsMatch(span.path, path) &&
    (startLine === undefined || (span.startLine <= (endLine ?? startLine) && span.endLine >= startLine));
  const first = new Set(targets.map((target) => spans.findIndex((span) => answers(span, target))));
  const grade = (i: number): number =>
    first.has(i) ? 0 : targets.some((target) => answers(spans[i]!, target)) ? 1 : 2;
  return spans.map((_, i) => i).sort((a, b) => grade(a) - grade(b) || a - b);
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part: string) => (body += part));
  request.on('end', () => {
    requests++;
    const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
    const text = messages.find(({ role }) => role === 'user')!.content;
    const targets = labels.get(/^Question: (.*)$/m.exec(text)![1]!.trim()) ?? [];
    const shown: { number: number; span: LineSpan }[] = [];
    for (const [, number, path, start, end] of text.matchAll(/^\[(\d+)\] (.+?):(\d+)-(\d+)(?: .*)?$/gm))
      if (Number(number) === shown.length + 1)
        shown.push({
          number: Number(number),
          span: { path: prefix + path!, startLine: Number(start), endLine: Number(end) },
        });
    const order = idealOrder(
      shown.map(({ span }) => span),
      targets,
    ).map((i) => shown[i]!.number);
    const content = JSON.stringify({ order: order.slice(0, depth) });
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }));
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`;

const folder = mkdtempSync(join(tmpdir(), 'coppice-models-'));
const results = [];
try {
  for (const repository of chosen) {
    const engine = await openEngine({
      repo: repository.path,
      store: join(folder, 'store'),
      settings: {
        rerank: { provider: 'chat', endpoint, model: 'oracle', candidates, topN: depth, contextTokens: 32768 },
      },
    });
    try {
      prefix = repository.prefix;
      requests = 0;
      const scores = { plain: [] as number[], oracle: [] as number[], possible: [] as number[] };
      let unordered = 0;
      const spansOf = (hits: readonly Hit[]): LineSpan[] =>
        hits.map(({ path, startLine, endLine }) => ({ path: prefix + path, startLine, endLine }));
      for (const { query, targets } of repository.queries) {
        labels = new Map([[query.trim(), targets]]);
        const asked = { rev: repository.rev, languages: codeLanguages };
        const found = spansOf((await engine.search(query, { ...asked, effort: 'fast', limit: candidates })).hits);
        const reranked = await engine.search(query, { ...asked, limit: depth });
        if ((reranked.rerank?.ordered ?? 0) === 0) unordered++;
        const ideal = idealOrder(found, targets).map((i) => found[i]!);
        scores.plain.push(scoreChunks(found, targets, depth).ndcg);
        scores.oracle.push(scoreChunks(spansOf(reranked.hits), targets, depth).ndcg);
        scores.possible.push(scoreChunks(ideal, targets, depth).ndcg);
      }
      const { name, queries } = repository;
      results.push({
        name,
        questions: queries.length,
        plain: mean(scores.plain),
        oracle: mean(scores.oracle),
        possible: mean(scores.possible),
        requests,
        unordered,
      });
    } finally {
      await engine.close();
    }
  }
} finally {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}
const all = {
  name: 'all (mean)',
  questions: results.reduce((sum, { questions }) => sum + questions, 0),
  plain: mean(results.map(({ plain }) => plain)),
  oracle: mean(results.map(({ oracle }) => oracle)),
  possible: mean(results.map(({ possible }) => possible)),
  requests: results.reduce((sum, one) => sum + one.requests, 0),
  unordered: results.reduce((sum, one) => sum + one.unordered, 0),
};
for (const { name, questions, plain, oracle, possible, requests: sent, unordered } of [...results, all])
  console.log(
    `${name.padEnd(20)} ${String(questions).padStart(4)} questions  NDCG@10 without ${plain.toFixed(3)}  oracle ${oracle.toFixed(3)}  ` +
      `possible ${possible.toFixed(3)}  ${String(sent)} requests, ${String(unordered)} not ordered`,
  );
writeJson('models', { candidates, repositories: results, all });
