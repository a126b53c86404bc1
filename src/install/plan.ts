import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { CoppiceError, systemErrorCode, uniqueSuffix } from '../base/index.js';
import type { Agent, Machine } from './agents.js';
import { removeMember, setMember } from './json-text.js';
import { removeTable, setTable } from './toml-text.js';

/** The name that we have among an agent's servers. */
const serverName = 'coppice';

/** What a configuration says now and would say. Nothing is written yet. */
export interface ConfigChange {
  readonly file: string;
  /** Null: there is no such file. */
  readonly before: string | null;
  readonly after: string | null;
}

/** The configuration with our entry in it. CONFIG_INVALID for a file that cannot be read as what it should be. */
export function planInstall(agent: Agent, machine: Machine, command: string, args: readonly string[]): ConfigChange {
  const file = agent.file(machine);
  const before = readText(file);
  const path = [...agent.servers, serverName];
  const entry = agent.entry(command, args);
  const after = readable(file, () =>
    agent.format === 'toml' ? setTable(before ?? '', path, entry) : setMember(before ?? '', path, entry),
  );
  return { file, before, after };
}

/** The configuration without our entry; a file that has nothing else is removed. */
export function planRemoval(agent: Agent, machine: Machine): ConfigChange {
  const file = agent.file(machine);
  const before = readText(file);
  if (before === null) return { file, before, after: null };
  const path = [...agent.servers, serverName];
  const after = readable(file, () =>
    agent.format === 'toml' ? removeTable(before, path) : removeMember(before, path),
  );
  const isEmpty = after !== before && /^\s*(?:\{\s*\})?\s*$/.test(after);
  return { file, before, after: isEmpty ? null : after };
}

/** Puts it in place as a whole: who reads the file meanwhile sees the old one or the new one. Modes are kept, links followed. */
export function writeChange({ file, after }: ConfigChange): void {
  if (after === null) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  let target = file;
  let mode = 0o600;
  try {
    target = realpathSync(file);
    mode = statSync(target).mode & 0o777;
  } catch {
    // It is a new one.
  }
  const next = `${target}.${uniqueSuffix()}`;
  writeFileSync(next, after, { mode });
  renameSync(next, target);
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function readable(file: string, edit: () => string): string {
  try {
    return edit();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CoppiceError('CONFIG_INVALID', `${file}: ${error.message}`, {
      hint: 'it was left as it is; mend it, or add the server by hand: the command is `coppice mcp`',
    });
  }
}
