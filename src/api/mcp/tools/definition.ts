import type { DefinitionHit } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { definitionSchema, listSchema, objectSchema, text } from '../answers/answer-schema.js';
import { numberLines, plural, showPath, splitLines } from '../answers/code-text.js';
import { leftOutNote } from '../answers/left-out.js';
import { provenanceOf, showRev } from '../answers/provenance.js';
import { largestFitting } from '../answers/token-budget.js';
import { defineTool, filterArguments, revArgument, sizeArgument, type ToolContext } from '../tool.js';

const { name } = operations.definition.parameters;
/** Definitions whose code is read at most. */
const definitionsMax = 30;
/** Lines of a definition that are worth a look where there are others. */
const sharedLines = 25;

export const definition = defineTool({
  name: 'definition',
  title: 'Go to definition',
  description: 'The code of what a name names, the likeliest first. By name and scope, not by type.',
  effect: operations.definition.effect,
  parameters: {
    name: { ...name, help: 'exact name, or Scope.name' },
    ...revArgument,
    used_in: { type: 'string', maxLength: 1000, help: 'a file that uses it: what is near comes first' },
    ...filterArguments,
    ...sizeArgument,
  },
  answer: listSchema('definitions', objectSchema({ path: text, ...definitionSchema, text })),
  run: (context, { rev, name, used_in, max_tokens, ...filter }) =>
    context.atRev(rev, async (at) => {
      const found = await context.engine().definition(name, {
        ...filter,
        ...(used_in === undefined ? {} : { usedIn: used_in }),
        rev: at,
        limit: definitionsMax,
        ...context.call,
      });
      const asked = provenanceOf(context.repo(), found.rev, found.freshness);
      const { definitions, total, near } = found;
      const like = near.length === 0 ? '' : `; names like it: ${near.join(', ')}`;
      const title = total === 0 ? `no definition${like}` : plural(total, 'definition');
      const answer = context.list({
        maxTokens: max_tokens,
        title: `${title} at ${showRev(asked)}`,
        list: 'definitions',
        fields: asked,
      });
      for (const [i, hit] of definitions.entries()) {
        const lines = await codeOf(context, at, hit);
        const most = definitions.length === 1 ? lines.length : Math.min(lines.length, sharedLines);
        const block = (count: number): [string, object] => blockOf(hit, lines, count);
        // The first is most likely the one that is meant.
        const share = i === 0 ? 0.7 : 0.5;
        const count = largestFitting(most, (count) => answer.fits(...block(count), share));
        if (!answer.add(...block(Math.max(1, count)))) break;
      }
      const shown = answer.count;
      const ways = ['narrow with Scope.name, used_in or paths', 'raise max_tokens'];
      return answer.end(leftOutNote({ unit: 'definition', count: total - shown, shown, ways }));
    }),
});

async function codeOf(context: ToolContext, rev: string, hit: DefinitionHit): Promise<string[]> {
  const { path, startLine: start, endLine: end } = hit;
  const { content } = await context.engine().show(rev, path, { start, end }, context.call);
  return splitLines(Buffer.from(content).toString('utf8'));
}

function blockOf(hit: DefinitionHit, lines: readonly string[], count: number): [string, object] {
  const { path, name, scope, kind, line, startLine, endLine, signature, doc } = hit;
  const shown = numberLines(lines.slice(0, count), startLine);
  const more = count < lines.length ? '\n…' : '';
  const head = `\n${showPath(path)}:${startLine}-${endLine} ${kind} ${scope === '' ? name : `${scope}.${name}`}`;
  const told = doc === '' ? '' : `${doc}\n`;
  return [
    `${head}\n${told}${shown}${more}`,
    { path, name, scope, kind, line, startLine, endLine, signature, doc, text: shown },
  ];
}
