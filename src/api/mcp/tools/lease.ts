import { operations } from '../../operations.js';
import { nullableText, objectSchema, text } from '../answers/answer-schema.js';
import { clip } from '../answers/token-budget.js';
import { defineTool, revArgument, ttlArgument, ttlMs } from '../tool.js';

export const lease = defineTool({
  name: 'lease',
  title: 'Hold a snapshot',
  description: 'Holds a rev as it is now: rev lease:ID answers the same whatever changes.',
  effect: operations.lease.effect,
  parameters: { ...revArgument, ...ttlArgument },
  answer: objectSchema({ repo: text, lease: text, rev: text, commit: nullableText, tree: text, expires: text }),
  run: (context, { rev, ttl_minutes }) =>
    context.atRev(rev, async (at) => {
      const taken = await context.engine().lease(at, { ...ttlMs(ttl_minutes), ...context.call });
      const expires = new Date(taken.expiresMs).toISOString();
      const { lease, commit, tree } = taken;
      return {
        text: `${lease} holds ${clip(at, 300)} until ${expires}`,
        structured: { repo: context.repo(), lease, rev: taken.rev, commit, tree, expires },
      };
    }),
});
