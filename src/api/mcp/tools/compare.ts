import { operations } from '../../operations.js';
import { listSchema, nullableText, objectSchema, text, provenance } from '../answers/answer-schema.js';
import { plural, showPath } from '../answers/code-text.js';
import { leftOutNote, summarizePaths } from '../answers/left-out.js';
import { showRev } from '../answers/provenance.js';
import { defineTool, filterArguments, offsetArgument, revArgument, sizeArgument } from '../tool.js';

/** Files that are asked of the engine at most, past the offset. */
const filesMax = 20_000;

const letters = { added: 'A', removed: 'D', modified: 'M' } as const;

export const compare = defineTool({
  name: 'compare',
  title: 'Compare two revs',
  description: 'Files that differ between two revs. Their lines: grep with rev A..B and pattern ".".',
  effect: operations.compare.effect,
  parameters: {
    base: { type: 'string', maxLength: 256, default: 'HEAD', help: 'compared with' },
    ...revArgument,
    ...filterArguments,
    ...offsetArgument,
    ...sizeArgument,
  },
  answer: listSchema('files', objectSchema({ path: text, change: text }), {
    ...provenance,
    base: objectSchema({ rev: text, commit: nullableText }),
  }),
  run: (context, { base, rev, offset, max_tokens, ...filter }) =>
    context.atRev(rev, async (at) => {
      const limit = offset + filesMax;
      const found = await context.engine().compare(base, at, { ...filter, limit, ...context.call });
      const { from, to, freshness, total } = found;
      const asked = { repo: context.repo(), rev: to.rev, commit: to.commit, freshness };
      const differ = total === 0 ? 'no file differs' : `${plural(total, 'file')} ${total === 1 ? 'differs' : 'differ'}`;
      const title = `${differ} between ${showRev(from)} and ${showRev(asked)}`;
      const fields = { ...asked, base: { rev: from.rev, commit: from.commit } };
      const answer = context.list({ maxTokens: max_tokens, title, list: 'files', fields });
      const rest = found.files.slice(offset);
      for (const { path, change } of rest) {
        if (!answer.add(`${letters[change]} ${showPath(path)}`, { path, change })) break;
      }
      const shown = answer.count;
      const places = summarizePaths(new Map(rest.slice(shown).map(({ path }) => [path, 1])));
      const ways = [`go on with offset: ${offset + shown}`, 'narrow with paths'];
      const count = Math.max(0, total - offset - shown);
      return answer.end(leftOutNote({ unit: 'file', count, places, shown, ways }));
    }),
});
