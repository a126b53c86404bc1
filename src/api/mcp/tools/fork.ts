import { operations } from '../../operations.js';
import { nullableText, objectSchema, text } from '../answers/answer-schema.js';
import { shortCommit } from '../answers/code-text.js';
import { defineTool, revArgument, ttlMs, ttlArgument } from '../tool.js';

const { name } = operations.fork.parameters;

export const fork = defineTool({
  name: 'fork',
  title: 'Fork a rev',
  description:
    'A copy of a rev in milliseconds, to edit with apply and search with rev: NAME. Touches no file and no git ref.',
  effect: operations.fork.effect,
  parameters: { name: { ...name, maxLength: 200, help: '' }, ...revArgument, ...ttlArgument },
  answer: objectSchema({ repo: text, name: text, rev: text, commit: nullableText, tree: text, expires: nullableText }),
  run: (context, { name, rev, ttl_minutes }) =>
    context.atRev(rev, async (from) => {
      const fork = await context.engine().fork(name, { from, ...ttlMs(ttl_minutes), ...context.call });
      const { commit, tree, expiresMs } = fork;
      const expires = expiresMs === null ? null : new Date(expiresMs).toISOString();
      const kept = expires === null ? 'It is kept until `coppice drop` removes it.' : `It is dropped at ${expires}.`;
      const of = commit === null || commit.startsWith(from) ? from : `${from} (${shortCommit(commit)})`;
      return {
        text: `${name} is a fork of ${of}: give it as rev, edit it with apply. ${kept}`,
        structured: { repo: context.repo(), name: fork.name, rev: fork.rev, commit, tree, expires },
      };
    }),
});
