import { CoppiceError } from '../../base/index.js';
import { commandNames, loadCommand } from '../command-table.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { complete, type Candidate } from '../completion/candidates.js';
import { completionScripts } from '../completion/scripts.js';
import { readTopics } from '../help/manual.js';

export const command = defineCommand({
  name: 'completion',
  summary: 'completion for a shell: commands, flags, revs, forks, views, languages',
  usage: 'bash|zsh|fish',
  description:
    'bash:  source <(coppice completion bash)                      in ~/.bashrc\n' +
    'zsh:   source <(coppice completion zsh)                       in ~/.zshrc, after compinit\n' +
    'fish:  coppice completion fish | source                       in ~/.config/fish/config.fish',
  args: [{ name: 'SHELL', help: 'bash, zsh or fish', many: true }],
  flags: {},
  examples: [
    { command: 'coppice completion bash', does: 'print the script' },
    {
      command: "coppice completion words -- grep --rev ''",
      does: 'what the scripts ask: candidates for the last word',
    },
  ],
  async run(context, { args }) {
    const [shell, ...words] = args as [string, ...string[]];
    if (shell === 'words') return printCandidates(context, words);
    if (!Object.hasOwn(completionScripts, shell)) {
      throw new CoppiceError('USAGE', `there is no completion for '${shell}'`, { hint: 'bash, zsh or fish' });
    }
    context.out.write(completionScripts[shell as keyof typeof completionScripts]);
    return 0;
  },
});

async function printCandidates(context: CommandContext, words: readonly string[]): Promise<0 | 1> {
  const { out } = context;
  const completion = await complete(words, {
    names: commandNames,
    load: loadCommand,
    topics: () => readTopics().map(({ name, title }) => ({ word: name, help: title })),
    revs: () => namesOf(context),
    views: () => viewsOf(context),
  });
  if (completion.files) {
    out.write(':files\n');
    return 0;
  }
  for (const { word, help = '' } of completion.candidates) out.write(help === '' ? `${word}\n` : `${word}\t${help}\n`);
  return completion.candidates.length > 0 ? 0 : 1;
}

async function viewsOf(context: CommandContext): Promise<Candidate[]> {
  try {
    return (await (await context.engine()).views()).map(({ name, roots }) => ({ word: name, help: roots.join(', ') }));
  } catch {
    return [];
  }
}

const revsMax = 2000;

async function namesOf(context: CommandContext): Promise<Candidate[]> {
  try {
    const { revs } = await (await context.engine()).revs({ limit: revsMax });
    return revs.filter(({ path }) => path === undefined).map(({ rev, kind }) => ({ word: rev, help: kind }));
  } catch {
    // No repository here: nothing to offer, and a key press is no place for an error.
    return [];
  }
}
