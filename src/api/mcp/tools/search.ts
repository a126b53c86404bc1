import type { Hit, SearchResult } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { integer, listSchema, objectSchema, provenance, text, texts } from '../answers/answer-schema.js';
import { plural, showPath, splitLines } from '../answers/code-text.js';
import { excerpt } from '../answers/excerpt.js';
import { leftOutNote } from '../answers/left-out.js';
import type { ListAnswer } from '../answers/list-answer.js';
import { provenanceOf, showRev } from '../answers/provenance.js';
import { largestFitting } from '../answers/token-budget.js';
import { defineTool, filterArguments, packageArguments, packageOptions, revArgument, sizeArgument } from '../tool.js';

const { query, limit } = operations.search.parameters;

export const search = defineTool({
  name: 'search',
  title: 'Ranked search',
  description:
    'Where something is done: the best places for a few words, with their code. For when the exact text is not known. Takes ' +
    '"exact phrase", /regex/, -without, or, sym:NAME, kind:function, path:, lang:.',
  effect: operations.search.effect,
  parameters: {
    query: { ...query, help: 'words as code may have them' },
    rev: {
      ...revArgument.rev,
      help: 'branch, tag, sha, fork, lease:ID, @worktree (default: files on disk); A..B: what B has new',
    },
    limit: { ...limit, max: 100, help: 'how many places' },
    weak: { ...operations.search.parameters.weak, help: 'poor matches too' },
    effort: operations.search.parameters.effort,
    ...filterArguments,
    ...packageArguments,
    ...sizeArgument,
  },
  answer: listSchema(
    'hits',
    objectSchema(
      {
        ...provenance,
        path: text,
        blob: text,
        start_line: integer,
        end_line: integer,
        language: text,
        symbol: text,
        kind: text,
        confidence: { ...text, description: '"weak" or absent' },
        description: { ...text, description: 'what a model says it does' },
        text: { ...text, description: 'numbered lines; … where some are left out' },
      },
      ['confidence', 'description'],
    ),
    {
      ...provenance,
      confidence: { ...text, description: '"weak": nothing good was found' },
      did_you_mean: { ...texts, description: 'the query with names that are there' },
      notes: texts,
      nearest: objectSchema({ path: text, start_line: integer, end_line: integer }),
      rerank: objectSchema({ model: text, ordered: integer, reason: text, tokens: integer }, ['reason']),
    },
  ),
  run: (context, { rev, query, limit, max_tokens, deps, with_deps, ...filter }) =>
    context.atRev(rev, async (at) => {
      const found = await context
        .engine()
        .search(query, { ...filter, ...packageOptions({ deps, with_deps }), rev: at, limit, ...context.call });
      const { hits } = found;
      const { confidence, nearest, didYouMean, notes, rerank } = found;
      const asked = {
        repo: context.repo(),
        rev: found.from === undefined ? found.rev : at,
        commit: found.commit,
        ...(hits[0] && { freshness: hits[0].freshness }),
        ...(confidence && { confidence }),
        ...(didYouMean && { did_you_mean: didYouMean }),
        ...(notes && { notes }),
        ...(nearest && { nearest: { path: nearest.path, start_line: nearest.startLine, end_line: nearest.endLine } }),
        ...(rerank && {
          rerank: {
            model: rerank.model,
            ordered: rerank.ordered,
            ...(rerank.reason !== undefined && { reason: rerank.reason }),
            tokens: rerank.inputTokens + rerank.outputTokens,
          },
        }),
      };
      const count =
        hits.length === 0 ? 'nothing found' : plural(hits.length, found.confidence === 'weak' ? 'weak place' : 'place');
      const title = [`${count} at ${showRev(asked)}`, ...toldOf(found)].join('\n');
      const answer = context.list({ maxTokens: max_tokens, title, list: 'hits', fields: asked });
      for (const [i, hit] of hits.entries()) if (!addHit(answer, context.repo(), hit, hits.length - i)) break;
      const shown = answer.count;
      const ways = ['narrow the query with path: or lang:', 'raise max_tokens'];
      return answer.end(leftOutNote({ unit: 'place', count: hits.length - shown, shown, ways }));
    }),
});

/** What has to be said of an answer besides its places. */
function toldOf({ didYouMean = [], notes = [], nearest, rerank }: SearchResult): string[] {
  const lines = [...notes];
  if (rerank !== undefined)
    lines.push(
      rerank.ordered > 0
        ? `the first ${rerank.ordered} are in the order of ${rerank.model}`
        : `not reranked by ${rerank.model}: ${rerank.reason ?? 'no reason given'}`,
    );
  if (didYouMean.length > 0) lines.push(`did you mean: ${didYouMean.join(' | ')}`);
  if (nearest !== undefined)
    lines.push(
      `nothing good matches; nearest: ${showPath(nearest.path)}:${nearest.startLine}-${nearest.endLine} (weak: true shows such places)`,
    );
  return lines;
}

/** Adds a hit, whole if it takes no more than its share of what is left, else as an excerpt. */
function addHit(answer: ListAnswer, repo: string, hit: Hit, hitsLeft: number): boolean {
  const { path, blob, startLine, endLine, language, symbol, kind, symbolLine } = hit;
  const lines = splitLines(hit.text.trimEnd());
  const matching = [...new Set(hit.matches.map(({ line }) => line))].sort((a, b) => a - b);
  const must = symbolLine !== null && matching.includes(symbolLine) ? symbolLine : null;
  const named = [kind, symbol].filter((part) => part !== '').join(' ');
  const { confidence, description } = hit;
  const weak = confidence === undefined ? '' : ' (weak)';
  const head = `${showPath(path)}:${startLine}-${endLine}${named === '' ? '' : ` ${named}`}${weak}`;
  const block = (count: number): [string, object] => {
    const text = excerpt({ lines, firstLine: startLine, matching, must }, count);
    const place = {
      path,
      blob,
      start_line: startLine,
      end_line: endLine,
      language,
      symbol,
      kind,
      ...(confidence && { confidence }),
      ...(description !== undefined && { description }),
    };
    const said = description === undefined ? '' : `${description}\n`;
    return [`\n${head}\n${said}${text}`, { ...provenanceOf(repo, hit, hit.freshness), ...place, text }];
  };
  const count = largestFitting(lines.length, (count) => answer.fits(...block(count), 1 / hitsLeft));
  return answer.add(...block(Math.max(1, count)));
}
