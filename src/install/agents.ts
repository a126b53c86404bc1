import { join } from 'node:path';
import { CoppiceError, closest } from '../base/index.js';

/** Where things are on a machine, and by what command we are started. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** An agent or editor that takes MCP servers from a file of the user's. */
export interface Agent {
  readonly name: string;
  readonly title: string;
  /** Other names for it. */
  readonly aliases: readonly string[];
  readonly format: 'json' | 'toml';
  /** Absolute path of its configuration. */
  file(machine: Machine): string;
  /** A file or folder that is there where the agent is. */
  sign(machine: Machine): string;
  /** Names of the members that lead to its servers. */
  readonly servers: readonly string[];
  /** What stands there for one server. */
  entry(command: string, args: readonly string[]): object;
}

/** The folder of the user's settings of applications. */
function settingsFolder({ env, platform, home }: Machine): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  return configFolder({ env, platform, home });
}

const configFolder = ({ env, home }: Machine): string => env['XDG_CONFIG_HOME'] ?? join(home, '.config');

const plainEntry: Agent['entry'] = (command, args) => ({ command, args });
const stdioEntry: Agent['entry'] = (command, args) => ({ type: 'stdio', command, args });

/** One whose file lies in a folder of its own in the home folder. */
const inHome = (folder: string, file: string): Pick<Agent, 'file' | 'sign'> => ({
  file: ({ home }) => join(home, folder, file),
  sign: ({ home }) => join(home, folder),
});

const json = { format: 'json', servers: ['mcpServers'], entry: plainEntry, aliases: [] as readonly string[] } as const;

const agents: readonly Agent[] = [
  {
    ...json,
    name: 'claude',
    title: 'Claude Code',
    aliases: ['claude-code'],
    file: ({ env, home }) => join(env['CLAUDE_CONFIG_DIR'] ?? home, '.claude.json'),
    sign: ({ env, home }) => env['CLAUDE_CONFIG_DIR'] ?? join(home, '.claude'),
    entry: stdioEntry,
  },
  {
    ...json,
    name: 'claude-desktop',
    title: 'Claude Desktop',
    file: (machine) => join(settingsFolder(machine), 'Claude', 'claude_desktop_config.json'),
    sign: (machine) => join(settingsFolder(machine), 'Claude'),
  },
  {
    name: 'codex',
    title: 'Codex CLI',
    aliases: [],
    format: 'toml',
    file: ({ env, home }) => join(env['CODEX_HOME'] ?? join(home, '.codex'), 'config.toml'),
    sign: ({ env, home }) => env['CODEX_HOME'] ?? join(home, '.codex'),
    servers: ['mcp_servers'],
    entry: plainEntry,
  },
  { ...json, name: 'gemini', title: 'Gemini CLI', ...inHome('.gemini', 'settings.json') },
  { ...json, name: 'qwen', title: 'Qwen Code', ...inHome('.qwen', 'settings.json') },
  { ...json, name: 'cursor', title: 'Cursor', ...inHome('.cursor', 'mcp.json') },
  {
    ...json,
    name: 'windsurf',
    title: 'Windsurf',
    ...inHome(join('.codeium', 'windsurf'), 'mcp_config.json'),
  },
  {
    ...json,
    name: 'vscode',
    title: 'VS Code',
    aliases: ['code', 'vs-code'],
    file: (machine) => join(settingsFolder(machine), 'Code', 'User', 'mcp.json'),
    sign: (machine) => join(settingsFolder(machine), 'Code'),
    servers: ['servers'],
    entry: stdioEntry,
  },
  {
    ...json,
    name: 'copilot',
    title: 'Copilot CLI',
    ...inHome('.copilot', 'mcp-config.json'),
    entry: (command, args) => ({ type: 'local', command, args, tools: ['*'] }),
  },
  {
    ...json,
    name: 'zed',
    title: 'Zed',
    file: (machine) => join(zedFolder(machine), 'settings.json'),
    sign: zedFolder,
    servers: ['context_servers'],
    entry: (command, args) => ({ source: 'custom', command, args, env: {} }),
  },
  {
    ...json,
    name: 'opencode',
    title: 'opencode',
    file: (machine) => join(configFolder(machine), 'opencode', 'opencode.json'),
    sign: (machine) => join(configFolder(machine), 'opencode'),
    servers: ['mcp'],
    entry: (command, args) => ({ type: 'local', command: [command, ...args], enabled: true }),
  },
];

function zedFolder(machine: Machine): string {
  if (machine.platform === 'win32') return join(settingsFolder(machine), 'Zed');
  return join(machine.platform === 'darwin' ? join(machine.home, '.config') : configFolder(machine), 'zed');
}

/** All of them, in the order that they are listed in. */
export const agentNames: readonly string[] = agents.map(({ name }) => name);

/** USAGE for a name that is none of theirs. */
export function findAgent(asked: string): Agent {
  const name = asked.toLowerCase();
  const found = agents.find((agent) => agent.name === name || agent.aliases.includes(name));
  if (found !== undefined) return found;
  const near = closest(name, agentNames);
  throw new CoppiceError('USAGE', `no agent is known by the name ${JSON.stringify(asked)}`, {
    hint: `${near === undefined ? '' : `did you mean ${near}? `}agents: ${agentNames.join(', ')}; others take the command \`coppice mcp\``,
  });
}
