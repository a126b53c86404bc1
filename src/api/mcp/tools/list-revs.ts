import type { NamedRev } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { boolean, listSchema, nullableText, objectSchema, text } from '../answers/answer-schema.js';
import { plural, shortCommit, showPath } from '../answers/code-text.js';
import { leftOutNote } from '../answers/left-out.js';
import { defineTool, sizeArgument } from '../tool.js';

const { match, limit } = operations.revs.parameters;

export const listRevs = defineTool({
  name: 'list_revs',
  title: 'List branches, tags and forks',
  description: 'Branches, tags, forks, work trees. Any sha or git expression (main~3) is a rev as well.',
  effect: operations.revs.effect,
  parameters: { match: { ...match, help: 'part of the name' }, limit: { ...limit, max: 10_000 }, ...sizeArgument },
  answer: listSchema(
    'revs',
    objectSchema({ rev: text, kind: text, commit: nullableText, current: boolean, indexed: boolean, path: text }, [
      'current',
      'indexed',
      'path',
    ]),
    { repo: text },
  ),
  async run(context, { max_tokens, ...options }) {
    const { revs, truncated } = await context.engine().revs({ ...options, ...context.call });
    const title = revs.length === 0 ? 'no such name' : plural(revs.length, 'name');
    const fields = { repo: context.repo() };
    const answer = context.list({ maxTokens: max_tokens, title, list: 'revs', fields });
    for (const rev of revs) if (!answer.add(showNamedRev(rev), withoutFalse(rev))) break;
    const shown = answer.count;
    const ways = ['name a part of it with match', 'raise limit and max_tokens'];
    return answer.end(leftOutNote({ unit: 'name', count: revs.length - shown, atLeast: truncated, shown, ways }));
  },
});

/** Most names are neither checked out nor indexed: not saying so makes room for more of them. */
function withoutFalse(rev: NamedRev): object {
  return Object.fromEntries(Object.entries(rev).filter(([, value]) => value !== false));
}

function showNamedRev({ rev, kind, commit, current, path }: NamedRev): string {
  const parts = [kind, showPath(rev)];
  if (commit !== null) parts.push(shortCommit(commit));
  if (current) parts.push('(checked out)');
  if (path !== undefined) parts.push(`repo: ${showPath(path)}`);
  return parts.join(' ');
}
