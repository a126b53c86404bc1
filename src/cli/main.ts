import { allCommands } from './command-table.js';
import { EngineSource } from './engines/engine-source.js';
import { runProcess } from './process.js';

/** Runs the command line of this process, whatever it asks for, and ends it. */
export const main = (): Promise<void> => runProcess(allCommands, () => new EngineSource(process.env, process.argv[1]!));
