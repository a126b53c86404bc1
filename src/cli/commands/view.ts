import { CoppiceError, closest } from '../../base/index.js';
import type { ViewInfo } from '../../engine/index.js';
import { allRepositories } from '../../model/index.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { formatTable } from '../terminal/format.js';
import { rootsIn } from '../typed/place-words.js';
import type { Paint } from '../terminal/style.js';

type Action = (
  context: CommandContext,
  name: string | undefined,
  places: readonly string[],
  deps: boolean,
) => Promise<void>;

const actions: Readonly<Record<string, Action>> = { add, list, drop };

export const command = defineCommand({
  name: 'view',
  summary: 'names for several repositories that are searched as one: add, list, drop',
  usage: 'add NAME PLACE… [--deps] | list | drop NAME',
  description:
    'PLACE is the folder of a repository or the name that it is known by, perhaps with @REV behind, which it then always has\n' +
    "in the view; '*' is all that the store knows, 'lib-*' those with such names when the view is made. --view NAME\n" +
    'searches there. Dropping a view leaves its repositories as they are.',
  args: [
    {
      name: 'ACTION NAME PLACE',
      help: 'add, list or drop (list when none is given); the view; what it is made of',
      optional: true,
      many: true,
    },
  ],
  flags: { deps: { type: 'boolean', help: 'with the packages that they depend on' } },
  examples: [
    { command: 'coppice view add work ~/src/app ~/src/lib@v2', does: 'two repositories, one at a tag' },
    { command: 'coppice view add work ~/src/app --deps', does: 'a repository with the packages that it depends on' },
    { command: "coppice view add all '*'", does: 'all that the store knows, whenever it is asked' },
    { command: 'coppice view list', does: 'those that there are; --view NAME searches in one' },
  ],
  async run(context, { args, flags }) {
    const [word = 'list', name, ...places] = args;
    if (!Object.hasOwn(actions, word)) {
      const near = closest(word, Object.keys(actions));
      throw new CoppiceError('USAGE', `'${word}' is nothing that can be done to a view`, {
        hint: near === undefined ? 'coppice view add NAME PLACE…, list, or drop NAME' : `did you mean ${near}?`,
      });
    }
    if (flags.deps && word !== 'add') throw takesNo('--deps', word);
    await actions[word]!(context, name, places, flags.deps);
    return 0;
  },
});

async function add(
  context: CommandContext,
  name: string | undefined,
  places: readonly string[],
  deps: boolean,
): Promise<void> {
  if (name === undefined || places.length === 0)
    throw new CoppiceError('USAGE', 'coppice view add needs NAME and at least one PLACE', {
      hint: 'coppice view add work ~/src/app ~/src/lib@v2',
    });
  const engine = await context.engine();
  const view = await engine.addView(
    name,
    places.flatMap((place) => rootsIn(context.placeNamed(place))),
    { ...context.call(), ...(deps ? { deps } : {}) },
  );
  context.clearProgress();
  if (context.json) context.out.json(view);
  else context.out.write(formatViews([view], context.paint));
}

async function list(context: CommandContext, name: string | undefined): Promise<void> {
  if (name !== undefined) throw takesNo(name, 'list');
  const views = await (await context.engine()).views();
  if (context.json) context.out.json({ views });
  else if (views.length > 0) context.out.write(formatViews(views, context.paint));
  else context.note('no view has a name yet: coppice view add NAME PLACE… gives one');
}

async function drop(context: CommandContext, name: string | undefined, others: readonly string[]): Promise<void> {
  if (name === undefined)
    throw new CoppiceError('USAGE', 'coppice view drop needs NAME', { hint: 'coppice view list names them' });
  if (others.length > 0) throw takesNo(others[0]!, 'drop');
  await (await context.engine()).dropView(name);
  if (context.json) context.out.json({ dropped: name });
}

const takesNo = (word: string, action: string): CoppiceError =>
  new CoppiceError('USAGE', `coppice view ${action} takes no argument '${word}'`, {
    hint: 'coppice view --help shows how it is used',
  });

/** A line for each root, the name before the first. */
const formatViews = (views: readonly ViewInfo[], paint: Paint): string =>
  formatTable(
    views.flatMap(({ name, roots, deps }) =>
      roots.map((root, i) => [
        i === 0 ? paint('cyan', name) + (deps ? ' (with packages)' : '') : '',
        root === allRepositories ? 'all repositories that are known' : root,
      ]),
    ),
  );
