import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { loadCommand } from '../../src/cli/command-table.js';
import { parseCommand, splitCommandLine } from '../../src/cli/parse.js';

const page = readFileSync(fileURLToPath(new URL('../../src/manual/remotes.md', import.meta.url)), 'utf8');
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block]) => block!);

/** Every text in a value, however deep. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const below of Object.values(value)) yield* textsOf(below);
}

test('what is to be pasted is YAML, and its commands are ours', async () => {
  expect(blocks).toHaveLength(3);
  let commands = 0;
  for (const block of blocks)
    for (const text of textsOf(load(block))) {
      const [, line] = /(?:^|npx --yes )coppice ((?:push|pull|serve)\b.*)$/s.exec(text) ?? [];
      if (line === undefined) continue;
      commands++;
      const words = line.split(/\s+/).map((word) => word.replace(/^"(.*)"$/, '$1'));
      const split = splitCommandLine(words);
      const command = await loadCommand(split.name!);
      expect(() => parseCommand(command!, split.before, split.rest), line).not.toThrow();
    }
  expect(commands).toBe(3);
});
