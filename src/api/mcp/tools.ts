import type { Tool } from './tool.js';
import { apply } from './tools/apply.js';
import { compare } from './tools/compare.js';
import { definition } from './tools/definition.js';
import { feedback } from './tools/feedback.js';
import { fork } from './tools/fork.js';
import { grep } from './tools/grep.js';
import { lease } from './tools/lease.js';
import { listRevs } from './tools/list-revs.js';
import { log } from './tools/log.js';
import { outline } from './tools/outline.js';
import { read } from './tools/read.js';
import { references } from './tools/references.js';
import { search } from './tools/search.js';
import { status } from './tools/status.js';
import { symbols } from './tools/symbols.js';

// Sound because what a tool gets was checked against its own parameters.
const table = [
  search,
  grep,
  definition,
  references,
  symbols,
  read,
  outline,
  listRevs,
  compare,
  log,
  fork,
  apply,
  lease,
  status,
  feedback,
] as unknown as readonly Tool[];

/** Only where the settings of the store allow it. */
export const feedbackName = feedback.name;

/** The tools, in the order that they are listed in. */
export const toolsByName: ReadonlyMap<string, Tool> = new Map(table.map((tool) => [tool.name, tool]));
