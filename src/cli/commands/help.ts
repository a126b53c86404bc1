import { CoppiceError, closest } from '../../base/index.js';
import { commandNames, loadAllCommands, loadCommand } from '../command-table.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { describeAll, describeCommand, formatHelp, formatOverview } from '../help/help.js';
import { readTopic, readTopics } from '../help/manual.js';
import { renderMarkdown } from '../terminal/markdown.js';
import { readVersion } from '../version.js';

export const command = defineCommand({
  name: 'help',
  summary: 'explain a command, or show a page of the manual',
  args: [{ name: 'COMMAND|TOPIC', help: 'what to explain; all of them are listed without it', optional: true }],
  flags: { man: { type: 'boolean', help: 'all commands as a man page: coppice help --man | man -l -' } },
  examples: [
    { command: 'coppice help grep', does: 'the same as coppice grep --help' },
    { command: 'coppice help queries', does: 'the query language' },
  ],
  async run(context, { args, flags }) {
    const { out, json, paint } = context;
    const [name] = args;
    if (flags.man) {
      const { formatManPage } = await import('../help/man-page.js');
      out.write(formatManPage(await loadAllCommands(), readTopics(), readVersion()));
      return 0;
    }
    if (name === undefined) {
      if (json) out.json({ ...(await describeAll()), topics: readTopics() });
      else out.write(await formatOverview(paint));
      return 0;
    }
    const found = await loadCommand(name);
    const page = readTopic(name);
    if (found === undefined && page === undefined) throw unknownTopic(name);
    if (json) out.json({ ...(found && describeCommand(found)), ...(page === undefined ? {} : { page }) });
    else {
      const parts = [
        ...(found === undefined ? [] : [formatHelp(found, paint)]),
        ...(page === undefined ? [] : [formatPage(context, page)]),
      ];
      out.write(parts.join('\n'));
    }
    return 0;
  },
});

/** A pipe gets the page as it is written. */
function formatPage({ io, paint }: CommandContext, page: string): string {
  return io.stdout.isTerminal ? renderMarkdown(page, paint, io.stdout.columns) : page;
}

function unknownTopic(name: string): CoppiceError {
  const near = closest(name, [...commandNames, ...readTopics().map((topic) => topic.name)]);
  return new CoppiceError('USAGE', `there is no command or topic '${name}'`, {
    hint: near === undefined ? 'coppice help lists them' : `did you mean ${near}?`,
  });
}
