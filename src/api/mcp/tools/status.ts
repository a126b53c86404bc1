import type { RepositoryStatus, RevStatus } from '../../../engine/index.js';
import { operations } from '../../operations.js';
import { integer, listSchema, nullableText, objectSchema, text } from '../answers/answer-schema.js';
import { plural, shortCommit, showPath } from '../answers/code-text.js';
import { leftOutNote } from '../answers/left-out.js';
import { clip } from '../answers/token-budget.js';
import { defineTool, sizeArgument } from '../tool.js';

const revsShown = 10;

export const status = defineTool({
  name: 'status',
  title: 'What is indexed',
  description: 'Known repositories, their indexed revs, work in progress. Not needed before a search.',
  effect: operations.status.effect,
  parameters: sizeArgument,
  answer: listSchema(
    'repositories',
    objectSchema({
      name: text,
      path: text,
      revs: { type: 'array', items: objectSchema({ rev: text, commit: nullableText, state: text }) },
      revs_total: integer,
      forks: integer,
      skipped_files: integer,
    }),
    { store: text, bytes: integer, commits: integer },
  ),
  async run(context, { max_tokens }) {
    const status = await context.engine().status(context.call);
    const { store, sizeBytes: bytes, commits, writer } = status;
    const megabytes = (bytes / 1e6).toFixed(1);
    const history = commits === 0 ? 'no history' : `the history of ${plural(commits, 'commit')}`;
    const busy = writer === null ? '' : `; process ${writer.pid} is writing (${clip(writer.command, 100)})`;
    const title = `${plural(status.repositories.length, 'repository', 'repositories')}, ${megabytes} MB, ${history}${busy}`;
    const fields = { store, bytes, commits };
    const answer = context.list({ maxTokens: max_tokens, title, list: 'repositories', fields });
    for (const repository of ownFirst(status.repositories, context.repo())) {
      if (!answer.add(...repositoryBlock(repository))) break;
    }
    const shown = answer.count;
    const count = status.repositories.length - shown;
    const ways = ['raise max_tokens'];
    return answer.end(leftOutNote({ unit: 'repository', units: 'repositories', count, shown, ways }));
  },
});

/** The repository that is asked about, as far as its path tells, before the others. */
function ownFirst(repositories: readonly RepositoryStatus[], repo: string): RepositoryStatus[] {
  const isOwn = ({ path }: RepositoryStatus): boolean => path === repo || path.startsWith(`${repo}/`);
  return [...repositories].sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
}

function repositoryBlock({ name, path, revs, forks, skipped }: RepositoryStatus): [string, object] {
  const known = revs.filter(({ state }) => state !== 'not-indexed');
  const shown = known.slice(0, revsShown);
  const facts = revs.length === 0 ? [] : [`${known.length} of ${plural(revs.length, 'rev')} indexed`];
  if (forks > 0) facts.push(plural(forks, 'fork'));
  if (skipped.length > 0) facts.push(`${plural(skipped.length, 'file')} not searched (binary or too large)`);
  const place = `${showPath(name)} (${showPath(path)})`;
  const rows = [[place, ...facts].join(', '), ...shown.map(showRevStatus)];
  if (shown.length < known.length) rows.push(`  … ${plural(known.length - shown.length, 'more rev')}`);
  return [
    rows.join('\n'),
    {
      name,
      path,
      revs: shown.map(({ rev, commit, state }) => ({ rev, commit, state })),
      revs_total: known.length,
      forks,
      skipped_files: skipped.length,
    },
  ];
}

const showRevStatus = ({ rev, commit, state }: RevStatus): string =>
  `  ${[clip(rev, 200), ...(commit === null ? [] : [shortCommit(commit)]), state].join(' ')}`;
