import { operations } from '../../operations.js';
import { definitionSchema, listSchema, objectSchema, provenance, text } from '../answers/answer-schema.js';
import { plural, showPath } from '../answers/code-text.js';
import { leftOutNote } from '../answers/left-out.js';
import { provenanceOf, showRev } from '../answers/provenance.js';
import { defineTool, offsetArgument, revArgument, sizeArgument } from '../tool.js';

const { path } = operations.outline.parameters;

export const outline = defineTool({
  name: 'outline',
  title: 'Outline of a file',
  description: 'The definitions of a file with their lines: cheaper than reading it.',
  effect: operations.outline.effect,
  parameters: { path: { ...path, help: 'file, from the top' }, ...revArgument, ...offsetArgument, ...sizeArgument },
  answer: listSchema('symbols', objectSchema(definitionSchema), {
    ...provenance,
    path: text,
  }),
  run: (context, { rev, path, offset, max_tokens }) =>
    context.atRev(rev, async (at) => {
      const found = await context.engine().outline(at, path, context.call);
      const asked = provenanceOf(context.repo(), found.rev, found.freshness);
      const title = `${showPath(found.path)} at ${showRev(asked)}: ${plural(found.symbols.length, 'definition')}`;
      const fields = { ...asked, path: found.path };
      const answer = context.list({ maxTokens: max_tokens, title, list: 'symbols', fields });
      const rest = found.symbols.slice(offset);
      for (const symbol of rest) {
        const { line, endLine, kind, name, scope } = symbol;
        const depth = scope === '' ? 0 : scope.split('.').length;
        const lines = endLine > line ? `${line}-${endLine}` : `${line}`;
        if (!answer.add(`${' '.repeat(depth)}${lines} ${kind} ${name}`, symbol)) break;
      }
      const shown = answer.count;
      const ways = [`go on with offset: ${offset + shown}`];
      return answer.end(leftOutNote({ unit: 'definition', count: rest.length - shown, shown, ways }));
    }),
});
