import type { ChunkSpan, SymbolDefinition } from '../model/index.js';
import { qualifiedName, wholeBytesMax, wholeLinesMax } from './definition.js';
import type { Definition } from './definition.js';
import type { LineTable } from './lines/lines.js';

/**
 * From lines and definitions to chunks. All decisions are local, so that an edit moves few boundaries:
 * 1. Definitions and the gaps between them are units; each level of nesting is cut on its own.
 * 2. A large unit is cut inside: at its members, or at lines chosen by content in a sliding window.
 * 3. A unit of ordinary size is a chunk. Runs of small ones are joined; where a run is cut depends on the
 *    first lines of its units (the smallest hash within a window), not on how much came before.
 * 4. What is then still tiny (a class's head, a closing brace) joins its neighbour.
 */
export function partition(lines: LineTable, definitions: readonly Definition[]): ChunkSpan[] {
  if (lines.count === 0) return [];
  const cutting = withoutInner(definitions);
  const cuts = new Cutter(lines, cutting).cut();
  return describe(lines, definitions, cutting, joinTiny(lines, cuts));
}

/** Those for which chunks are cut, linked anew. */
function withoutInner(definitions: readonly Definition[]): readonly Definition[] {
  if (!definitions.some(({ inner }) => inner)) return definitions;
  const positions = new Uint32Array(definitions.length + 1);
  const kept: Definition[] = [];
  for (let i = 0; i < definitions.length; i++) {
    positions[i] = kept.length;
    if (!definitions[i]!.inner) kept.push({ ...definitions[i]! });
  }
  positions[definitions.length] = kept.length;
  for (const definition of kept) definition.next = positions[definition.next]!;
  return kept;
}

/** Windows for the next cut, in weight. */
const weightMin = 600;
const weightMax = 2400;
/** A unit at least this large is a chunk of its own. */
const aloneBytesMin = 400;
const tinyBytes = 200;
/** A line weighs its bytes and this, so that many short lines also make a chunk. */
const lineWeight = 12;

interface Unit {
  readonly start: number;
  readonly end: number;
  /** Position of its definition; -1 for a gap. */
  readonly definition: number;
}

class Cutter {
  /** First lines of the chunks, ascending. */
  private readonly starts: number[] = [];
  private run: Unit[] = [];

  constructor(
    private readonly lines: LineTable,
    private readonly definitions: readonly Definition[],
  ) {}

  cut(): number[] {
    // Each level's units that are still to be cut: definitions nest as deep as a stranger likes.
    const levels = [this.units(0, this.lines.count, 0, this.definitions.length).values()];
    for (let level; (level = levels.at(-1)) !== undefined;) {
      const { done, value: unit } = level.next();
      if (done === true) {
        this.flushRun();
        levels.pop();
        continue;
      }
      const bytes = this.lines.bytes(unit.start, unit.end);
      if (bytes > wholeBytesMax || unit.end - unit.start > wholeLinesMax) {
        this.flushRun();
        const definition = this.definitions[unit.definition];
        if (definition !== undefined && definition.next > unit.definition + 1)
          levels.push(this.units(unit.start, unit.end, unit.definition + 1, definition.next).values());
        else this.cutLines(unit.start, unit.end);
      } else if (bytes >= aloneBytesMin && unit.definition >= 0) {
        this.flushRun();
        this.starts.push(unit.start);
      } else {
        this.run.push(unit);
      }
    }
    return this.starts;
  }

  /** What lines [from, to), which hold the definitions [first, last), are made of. */
  private units(from: number, to: number, first: number, last: number): Unit[] {
    const units: Unit[] = [];
    let line = from;
    for (let i = first; i < last; i = this.definitions[i]!.next) {
      const definition = this.definitions[i]!;
      const start = Math.max(definition.startLine, line);
      let end = Math.min(definition.endLine + 1, to);
      if (end <= start) continue; // shares its lines with the definition before
      while (end < to && this.lines.isBlank(end)) end++;
      if (start > line) units.push({ start: line, end: start, definition: -1 });
      units.push({ start, end, definition: i });
      line = end;
    }
    if (line < to) units.push({ start: line, end: to, definition: -1 });
    return units;
  }

  private flushRun(): void {
    const run = this.run;
    if (run.length === 0) return;
    this.run = [];
    this.cutWindowed(
      run.length,
      (i) => this.weight(run[i]!.start, run[i]!.end),
      (i) => this.lines.hash(run[i]!.start),
      (i) => run[i]!.start,
    );
  }

  private cutLines(from: number, to: number): void {
    this.cutWindowed(
      to - from,
      (i) => this.weight(from + i, from + i + 1),
      (i) => this.lines.cutCost(from + i),
      (i) => from + i,
    );
  }

  private weight(from: number, to: number): number {
    return this.lines.bytes(from, to) + (to - from) * lineWeight;
  }

  /** Cuts a row of items: each next cut is the cheapest place in the window that begins `weightMin` after the last. */
  private cutWindowed(
    count: number,
    weightOf: (item: number) => number,
    costOf: (item: number) => number,
    lineOf: (item: number) => number,
  ): void {
    for (let from = 0; from < count;) {
      this.starts.push(lineOf(from));
      let weight = weightOf(from);
      let best = -1;
      let bestCost = Infinity;
      let i = from + 1;
      for (; i < count; i++) {
        if (weight >= weightMin || weightOf(i) > weightMax) {
          const cost = costOf(i);
          if (cost <= bestCost) {
            best = i;
            bestCost = cost;
          }
        }
        weight += weightOf(i);
        if (weight > weightMax) break;
      }
      if (i >= count) return;
      from = best < 0 ? i : best;
    }
  }
}

/** Drops cuts that leave a tiny chunk: it joins the next one, or the one before if it only closes something. */
function joinTiny(lines: LineTable, starts: readonly number[]): number[] {
  const kept: number[] = [];
  const endOf = (i: number): number => starts[i + 1] ?? lines.count;
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i]!;
    const before = kept[kept.length - 1];
    if (before !== undefined) {
      const size = lines.bytes(start, endOf(i));
      const sizeBefore = lines.bytes(before, start);
      if (sizeBefore + size <= wholeBytesMax) {
        const closes = size < tinyBytes && lines.isCloser(start);
        const last = size < tinyBytes && i === starts.length - 1;
        if (closes || last || (sizeBefore < tinyBytes && !lines.isCloser(before))) continue;
      }
    }
    kept.push(start);
  }
  return kept;
}

/** Puts the symbols into the chunks. `cutting` are those of the definitions for which chunks are cut. */
function describe(
  lines: LineTable,
  definitions: readonly Definition[],
  cutting: readonly Definition[],
  starts: readonly number[],
): ChunkSpan[] {
  const byNameLine = [...definitions].sort((a, b) => a.nameLine - b.nameLine);
  /** Definitions of earlier chunks that have not ended. */
  let unfinished: Definition[] = [];
  const enclosing: Definition[] = [];
  let opened = 0;
  let named = 0;
  return starts.map((start, i) => {
    const end = starts[i + 1] ?? lines.count;
    while (opened < cutting.length && cutting[opened]!.startLine < start) {
      const definition = cutting[opened++]!;
      while (enclosing.length > 0 && enclosing[enclosing.length - 1]!.endLine < definition.endLine) enclosing.pop();
      enclosing.push(definition);
    }
    while (enclosing.length > 0 && enclosing[enclosing.length - 1]!.endLine < start) enclosing.pop();
    const inside = enclosing[enclosing.length - 1];
    const closes: number[] = [];
    for (const { endLine } of unfinished) if (endLine < end) closes.push(endLine - start);
    if (closes.length > 0) unfinished = unfinished.filter(({ endLine }) => endLine >= end);
    const symbols: SymbolDefinition[] = [];
    for (; named < byNameLine.length && byNameLine[named]!.nameLine < end; named++) {
      const definition = byNameLine[named]!;
      const { name, kind, scope, nameLine, inner } = definition;
      const startLine = Math.min(Math.max(definition.ownLine, start), nameLine) - start;
      const endLine = Math.max(definition.endLine, nameLine);
      if (endLine >= end) unfinished.push(definition);
      symbols.push({
        name,
        kind,
        scope,
        line: nameLine - start,
        startLine,
        endLine: endLine < end ? endLine - start : null,
        inner,
      });
    }
    const continues = inside !== undefined && inside.nameLine < start ? qualifiedName(inside) : '';
    closes.sort((a, b) => a - b);
    return { startByte: lines.starts[start]!, endByte: lines.starts[end]!, symbols, continues, closes };
  });
}
