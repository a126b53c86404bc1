import { CoppiceError } from '../../base/index.js';
import { commandNames, loadCommand } from '../command-table.js';
import { defineCommand } from '../command.js';
import { describeAll, describeCommand, formatHelp, formatOverview } from '../help.js';
import { closest } from '../suggest.js';

export const command = defineCommand({
  name: 'help',
  summary: 'explain a command',
  args: [{ name: 'COMMAND', help: 'the command to explain; all of them are listed without it', optional: true }],
  flags: {},
  examples: [{ command: 'coppice help grep', does: 'the same as coppice grep --help' }],
  async run({ out, json, paint }, { args }) {
    const [name] = args;
    if (name === undefined) {
      if (json) out.json(await describeAll());
      else out.write(await formatOverview(paint));
      return 0;
    }
    const found = await loadCommand(name);
    if (found === undefined) {
      const near = closest(name, commandNames);
      throw new CoppiceError('USAGE', `there is no command '${name}'`, {
        hint: near === undefined ? 'coppice help lists the commands' : `did you mean ${near}?`,
      });
    }
    if (json) out.json(describeCommand(found));
    else out.write(formatHelp(found, paint));
    return 0;
  },
});
