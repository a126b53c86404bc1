import type { SymbolHit } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { definitionSchema, listSchema, objectSchema, provenance, text } from '../answers/answer-schema.js';
import { clipLine, plural, showPath } from '../answers/code-text.js';
import { leftOutNote } from '../answers/left-out.js';
import { provenanceOf, showRev } from '../answers/provenance.js';
import { defineTool, filterArguments, packageArguments, packageOptions, revArgument, sizeArgument } from '../tool.js';

const { name, kinds, limit } = operations.symbols.parameters;

/** Characters of a definition's line that are shown. */
const signatureLength = 150;

export const symbols = defineTool({
  name: 'symbols',
  title: 'Find definitions',
  description: 'Definitions by a part of their name, or one that is spelt alike. For an exact name: definition.',
  effect: operations.symbols.effect,
  parameters: {
    name: { ...name, help: 'a name or a part of it' },
    ...revArgument,
    kinds: { ...kinds, help: 'function, class, method, type' },
    limit: { ...limit, max: 1000 },
    ...filterArguments,
    ...packageArguments,
    ...sizeArgument,
  },
  answer: listSchema(
    'hits',
    objectSchema({
      ...provenance,
      path: text,
      ...definitionSchema,
      match: { enum: ['exact', 'prefix', 'subword', 'fuzzy'] },
      text,
    }),
  ),
  run: (context, { rev, name, max_tokens, deps, with_deps, ...filter }) =>
    context.atRev(rev, async (at) => {
      const options = { ...filter, ...packageOptions({ deps, with_deps }), rev: at, ...context.call };
      const found = await context.engine().symbols(name, options);
      const asked = provenanceOf(context.repo(), found.rev, found.freshness);
      const title = `${titleOf(found.symbols)} at ${showRev(asked)}`;
      const answer = context.list({ maxTokens: max_tokens, title, list: 'hits', fields: asked });
      for (const hit of found.symbols) {
        const { path, line, name, scope, kind, startLine, endLine, signature, doc, match } = hit;
        const text = clipLine(hit.text.trim(), 1, signatureLength);
        const shown = `${showPath(path)}:${line} ${kind}${scope === '' ? '' : ` in ${scope}`}: ${text}`;
        if (
          !answer.add(shown, {
            ...asked,
            path,
            name,
            scope,
            kind,
            line,
            startLine,
            endLine,
            signature,
            doc,
            match,
            text,
          })
        )
          break;
      }
      const shown = answer.count;
      const ways = ['narrow with kinds or paths', 'raise max_tokens'];
      return answer.end(leftOutNote({ unit: 'definition', count: found.symbols.length - shown, shown, ways }));
    }),
});

function titleOf(symbols: readonly SymbolHit[]): string {
  if (symbols.length === 0) return 'no definition found';
  const exact = symbols.filter(({ match }) => match === 'exact').length;
  if (exact === symbols.length) return plural(exact, 'definition');
  const similar = plural(symbols.length - exact, 'similar name');
  return exact === 0 ? `no exact match, ${similar}` : `${plural(exact, 'definition')} and ${similar}`;
}
