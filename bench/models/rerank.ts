// What a model that knows the labels does not reach is lost before it (not among the candidates), on the way to it or on the way back; "possible"
// is what the candidates allow, so the difference between the last two columns is what is lost on the way.
import { join } from 'node:path';
import { openEngine, type Hit } from 'coppice';

import { mean, pathsMatch, scoreChunks } from '../../src/evaluation/index.js';
import type { LineSpan, Target } from '../../src/evaluation/index.js';
import { codeLanguages } from '../quality/sets.js';
import type { LabelledRepository } from '../quality/sets.js';
import type { Report } from '../support/measure.js';
import { startChatStub } from './chat-stub.js';

const depth = 10;

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

export async function measureReranking(
  repositories: readonly LabelledRepository[],
  folder: string,
  candidates: number,
  report: Report,
): Promise<void> {
  /** Of the repository that is asked about, by question. */
  let labels = new Map<string, readonly Target[]>();
  let prefix = '';
  const stub = await startChatStub((user) => {
    const targets = labels.get(/^Question: (.*)$/m.exec(user)![1]!.trim()) ?? [];
    const shown: LineSpan[] = [];
    for (const [, number, path, start, end] of user.matchAll(/^\[(\d+)\] (.+?):(\d+)-(\d+)(?: .*)?$/gm))
      if (Number(number) === shown.length + 1)
        shown.push({ path: prefix + path!, startLine: Number(start), endLine: Number(end) });
    const order = idealOrder(shown, targets).map((i) => i + 1);
    return JSON.stringify({ order: order.slice(0, depth) });
  });
  const means = { plain: [] as number[], oracle: [] as number[], possible: [] as number[] };
  let questions = 0;
  let unordered = 0;
  try {
    for (const repository of repositories) {
      const engine = await openEngine({
        repo: repository.path,
        store: join(folder, 'store'),
        settings: {
          rerank: {
            provider: 'chat',
            endpoint: stub.endpoint,
            model: 'oracle',
            candidates,
            topN: depth,
            contextTokens: 32768,
          },
        },
      });
      try {
        prefix = repository.prefix;
        const scores = { plain: [] as number[], oracle: [] as number[], possible: [] as number[] };
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
        questions += repository.queries.length;
        for (const kind of ['plain', 'oracle', 'possible'] as const) means[kind].push(mean(scores[kind]));
        const of = (kind: keyof typeof means): string => mean(scores[kind]).toFixed(3);
        console.error(`${repository.name}: ${of('plain')} without, ${of('oracle')} oracle, ${of('possible')} possible`);
      } finally {
        await engine.close();
      }
    }
  } finally {
    stub.close();
  }
  const [plain, oracle, possible] = [mean(means.plain), mean(means.oracle), mean(means.possible)];
  report.add(
    `NDCG@10 of ${String(questions)} questions in ${String(repositories.length)} repositories: without; a model that knows the labels; possible`,
    `${plain.toFixed(3)}; ${oracle.toFixed(3)}; ${possible.toFixed(3)}`,
    '≥ 0.97',
    oracle >= 0.97,
    { names: repositories.map(({ name }) => name), ...means, requests: stub.bodies.length },
  );
  report.add('questions whose order did not come', String(unordered), '0', unordered === 0);
}
