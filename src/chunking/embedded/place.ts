import { linkByLines } from '../definition.js';
import type { Definition } from '../definition.js';
import type { LineMap } from './block.js';

/** A definition of a block at the lines of its file. */
export const placed = (definition: Definition, lines: LineMap): Definition => ({
  ...definition,
  nameLine: lines(definition.nameLine),
  startLine: lines(definition.startLine),
  ownLine: lines(definition.ownLine),
  endLine: lines(definition.endLine),
});

/** The definitions of a file and of the blocks in it as one list in document order. */
export function mergeByLines(lists: readonly (readonly Definition[])[]): Definition[] {
  const merged = lists
    .flat()
    .sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine || a.nameLine - b.nameLine);
  linkByLines(merged);
  return merged;
}
