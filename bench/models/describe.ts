// Descriptions by a stub that writes the question into what answers it (of all but the questions for symbols), and nothing of use elsewhere.
import { join } from 'node:path';
import { openEngine, type Engine } from 'coppice';

import { mean, pathsMatch, scoreChunks } from '../../src/evaluation/index.js';
import { codeLanguages } from '../quality/sets.js';
import type { LabelledQuery, LabelledRepository } from '../quality/sets.js';
import type { Report } from '../support/measure.js';
import { describeWith, startChatStub } from './chat-stub.js';

const depth = 10;
const isSemantic = ({ category }: LabelledQuery): boolean => category !== 'symbol';

interface Text {
  readonly path: string;
  readonly text: string;
}

/** The questions that a piece of code answers, by where it is in the files that questions name. */
function questionsOf(code: string, files: readonly Text[], queries: readonly LabelledQuery[]): string[] {
  const found = new Set<string>();
  for (const { path, text } of files) {
    const at = text.indexOf(code);
    if (at < 0) continue;
    const startLine = text.slice(0, at).split('\n').length;
    const endLine = startLine + code.split('\n').length - 1;
    for (const { query, targets } of queries)
      if (
        targets.some(
          (target) =>
            pathsMatch(path, target.path) &&
            (target.startLine === undefined ||
              (startLine <= (target.endLine ?? target.startLine) && endLine >= target.startLine)),
        )
      )
        found.add(query);
  }
  return [...found];
}

/** The texts of the files that the questions' answers are in, by their paths in the repository. */
async function labelledTexts(engine: Engine, { rev, prefix, queries }: LabelledRepository): Promise<Text[]> {
  const { files } = await engine.files({ rev });
  const named = files.filter(({ path }) =>
    queries.some(({ targets }) => targets.some((target) => pathsMatch(prefix + path, target.path))),
  );
  const texts: Text[] = [];
  for (const { path } of named) {
    const { content } = await engine.show(rev, path);
    texts.push({ path: prefix + path, text: new TextDecoder().decode(content) });
  }
  return texts;
}

async function scores(engine: Engine, repository: LabelledRepository): Promise<{ semantic: number; symbol: number }> {
  const semantic: number[] = [];
  const symbol: number[] = [];
  for (const labelled of repository.queries) {
    const { hits } = await engine.search(labelled.query, {
      rev: repository.rev,
      languages: codeLanguages,
      mode: 'hybrid',
      limit: depth,
    });
    const spans = hits.map(({ path, startLine, endLine }) => ({
      path: repository.prefix + path,
      startLine,
      endLine,
    }));
    (isSemantic(labelled) ? semantic : symbol).push(scoreChunks(spans, labelled.targets, depth).ndcg);
  }
  return { semantic: mean(semantic), symbol: mean(symbol) };
}

export async function measureDescribing(
  repositories: readonly LabelledRepository[],
  folder: string,
  report: Report,
): Promise<void> {
  let texts: readonly Text[] = [];
  let queries: readonly LabelledQuery[] = [];
  const stub = await startChatStub((user) => {
    const code = user.slice(user.indexOf('\n\n') + 2).replace(/\n…$/, '');
    return questionsOf(code, texts, queries).join(' ') || 'A part of this program.';
  });
  const before: { semantic: number; symbol: number }[] = [];
  const after: typeof before = [];
  try {
    for (const repository of repositories) {
      const store = join(folder, repository.name);
      const plain = await openEngine({ repo: repository.path, store });
      try {
        before.push(await scores(plain, repository));
        texts = await labelledTexts(plain, repository);
        queries = repository.queries.filter(isSemantic);
      } finally {
        await plain.close();
      }
      describeWith(store, stub);
      const engine = await openEngine({ repo: repository.path, store });
      try {
        const { described, failed } = await engine.describe([repository.rev]);
        after.push(await scores(engine, repository));
        const [from, to] = [before.at(-1)!, after.at(-1)!];
        console.error(
          `${repository.name}: ${String(described)} described, ${String(failed)} not; semantic ${from.semantic.toFixed(3)} → ${to.semantic.toFixed(3)}, ` +
            `symbols ${from.symbol.toFixed(3)} → ${to.symbol.toFixed(3)}`,
        );
      } finally {
        await engine.close();
      }
    }
  } finally {
    stub.close();
  }
  for (const kind of ['semantic', 'symbol'] as const) {
    // A set may have no question of a kind.
    const known = (rows: typeof before): number =>
      mean(rows.map((row) => row[kind]).filter((score) => Number.isFinite(score)));
    const [from, to] = [known(before), known(after)];
    report.add(
      `hybrid NDCG@10 without and with descriptions that have the labels' words, ${kind} questions`,
      `${from.toFixed(3)} → ${to.toFixed(3)}`,
      kind === 'semantic' ? '+ ≥ 0.03' : 'unchanged',
      kind === 'semantic' ? to - from >= 0.03 : Math.abs(to - from) < 0.005,
      {
        names: repositories.map(({ name }) => name),
        before: before.map((row) => row[kind]),
        after: after.map((row) => row[kind]),
      },
    );
  }
}
