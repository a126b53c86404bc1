import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentNames, findAgent, planInstall, planRemoval, writeChange } from '../../src/install/index.js';
import { removeMember, setMember } from '../../src/install/json-text.js';
import { removeTable, setTable } from '../../src/install/toml-text.js';
import { makeFolder } from '../support/git.js';

const path = ['mcpServers', 'coppice'];
const entry = { command: 'coppice', args: ['mcp'] };

test.each(agentNames)('%s: the entry is written, again changes nothing, and goes without a trace', (name) => {
  const agent = findAgent(name);
  const others =
    agent.format === 'toml'
      ? 'model = "o3"\n\n[mcp_servers.other]\ncommand = "x" # a comment\n\n[profiles.a]\nx = """\n[mcp_servers.coppice]\n"""\n'
      : `{\n  // theirs\n  "theme": "dark",\n  "${agent.servers[0]}": {\n    "other": { "command": "x", "args": ["a,}"], },\n  },\n}\n`;
  for (const before of [null, '', others]) {
    const home = makeFolder();
    const machine = { env: {}, platform: 'linux', home } as const;
    const file = agent.file(machine);
    mkdirSync(dirname(file), { recursive: true });
    if (before !== null) writeFileSync(file, before, { mode: 0o640 });
    writeChange(planInstall(agent, machine, 'coppice', ['mcp']));
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('"coppice"');
    expect(text).toContain('"mcp"');
    if (before === others) for (const line of others.split('\n')) expect(text).toContain(line.replace(/,$/, ''));
    const again = planInstall(agent, machine, 'coppice', ['mcp']);
    expect(again.after).toBe(again.before);
    writeChange(planRemoval(agent, machine));
    if (before === others) expect(readFileSync(file, 'utf8')).toBe(others);
    else expect(existsSync(file)).toBe(false);
    const gone = planRemoval(agent, machine);
    expect(gone.after).toBe(gone.before);
  }
});

describe('JSON', () => {
  test('is changed in one place, and changed back letter by letter, whatever is in it', () => {
    const key = fc.constantFrom('a', 'b "c"', 'mcpServers', 'other');
    const value = fc.jsonValue({ maxDepth: 2 });
    const inner = fc.dictionary(fc.constantFrom('x', 'y', 'z'), value, { minKeys: 1 });
    const file = fc
      .record({ rest: fc.dictionary(key, value), servers: inner })
      .map(({ rest, servers }) => ({ ...rest, mcpServers: servers }));
    fc.assert(
      fc.property(file, fc.constantFrom(undefined, 2, 4, '\t'), fc.boolean(), (object, space, newline) => {
        const text = JSON.stringify(object, null, space) + (newline ? '\n' : '');
        const after = setMember(text, path, entry);
        const plain = JSON.parse(text) as typeof object;
        expect(JSON.parse(after)).toEqual({ ...plain, mcpServers: { ...plain.mcpServers, coppice: entry } });
        expect(removeMember(after, path)).toBe(text);
      }),
    );
  });

  test('that is none, or has something else where an object is to be, is refused', () => {
    for (const text of ['{', '[]', '{"mcpServers": []}', '{"a" 1}', '{"a": 1} x', '{"a": }', '{"a": 1 "b": 2}', 'x'])
      expect(() => setMember(text, path, entry), text).toThrow(SyntaxError);
    const home = makeFolder();
    mkdirSync(join(home, '.cursor'));
    writeFileSync(join(home, '.cursor', 'mcp.json'), '{"mcpServers": {\n');
    const machine = { env: {}, platform: 'linux', home } as const;
    expect(() => planInstall(findAgent('cursor'), machine, 'coppice', [])).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('left as it is') as string }),
    );
  });

  test('an older entry of ours is replaced where it stands', () => {
    const text = '{"mcpServers": {"coppice": {"command": "old"}, "x": {}}}';
    expect(JSON.parse(setMember(text, path, entry))).toEqual({ mcpServers: { coppice: entry, x: {} } });
  });
});

test('TOML written as a value is left alone, and a table of ours is replaced whole', () => {
  expect(() => setTable('mcp_servers = { coppice = { command = "x" } }\n', ['mcp_servers', 'coppice'], entry)).toThrow(
    SyntaxError,
  );
  const old = '[mcp_servers.coppice]\ncommand = "old"\n\n[mcp_servers.coppice.env]\nA = "1"\n\n[x]\n';
  expect(setTable(old, ['mcp_servers', 'coppice'], entry)).toBe(
    '[mcp_servers.coppice]\ncommand = "coppice"\nargs = ["mcp"]\n\n[x]\n',
  );
  expect(removeTable('[x]\n', ['mcp_servers', 'coppice'])).toBe('[x]\n');
});

test('names are told apart, and near ones suggested', () => {
  expect(findAgent('claude-code').name).toBe('claude');
  expect(() => findAgent('cursr')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('cursor') as string }),
  );
});
