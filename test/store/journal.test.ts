import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/store/records/journal.js';
import type { JournalRecord, JournalState } from '../../src/store/records/journal.js';
import { makeFolder } from '../support/git.js';

/** Keeps the last value of each name. */
class Names implements JournalState {
  readonly values = new Map<string, number>();
  resets = 0;

  reset(): void {
    this.values.clear();
    this.resets++;
  }

  apply(record: JournalRecord): void {
    this.values.set(String(record['name']), Number(record['value']));
  }

  compact(): JournalRecord[] {
    return [...this.values].map(([name, value]) => ({ t: 'set', name, value }));
  }
}

interface Opened {
  readonly journal: Journal;
  readonly names: Names;
}

function open(folder: string): Opened {
  const names = new Names();
  return { journal: Journal.open(folder, names), names };
}

function make(): string {
  const folder = makeFolder();
  Journal.create(folder);
  return folder;
}

const set = (name: string, value: number): JournalRecord => ({ t: 'set', name, value });

test('several see each other’s records, in one order, across rotations', () => {
  const action = fc.oneof(
    { weight: 8, arbitrary: fc.record({ who: fc.nat(2), name: fc.constantFrom('a', 'b', 'c'), value: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ who: fc.nat(2), rotate: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ who: fc.nat(2), reopen: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ tear: fc.nat(30) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const folder = make();
      const all = [open(folder), open(folder), open(folder)];
      const expected = new Map<string, number>();
      for (const step of actions) {
        if ('tear' in step) {
          // What a writer leaves that is killed in the middle of an append.
          const sequence = Math.max(
            ...[1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => existsSync(join(folder, `journal-${n}`))),
          );
          const frame = Buffer.alloc(12);
          frame.write('CPJ1', 'latin1');
          frame.writeUInt32LE(100, 4);
          frame.writeUInt32LE(0x1badc0de, 8);
          appendFileSync(
            join(folder, `journal-${sequence}`),
            Buffer.concat([frame, Buffer.alloc(80, 120)]).subarray(0, step.tear),
          );
        } else if ('rotate' in step) all[step.who]!.journal.rotate();
        else if ('reopen' in step) {
          all[step.who]!.journal.close();
          all[step.who] = open(folder);
        } else {
          all[step.who]!.journal.append(set(step.name, step.value));
          expected.set(step.name, step.value);
          expect(all[step.who]!.names.values).toEqual(expected);
        }
      }
      for (const { journal, names } of [...all, open(folder)]) {
        journal.refresh();
        expect(names.values).toEqual(expected);
        expect(journal.damage).toEqual([]);
        journal.close();
      }
    }),
    { numRuns: 60, seed: 1 },
  );
});

describe('damage', () => {
  /** A journal of ten records and where each begins. */
  function tenRecords(): { folder: string; path: string; starts: number[] } {
    const folder = make();
    const { journal } = open(folder);
    const path = join(folder, 'journal-1');
    const starts: number[] = [];
    for (let i = 0; i < 10; i++) {
      starts.push(statSync(path).size);
      journal.append(set(`n${i}`, i));
    }
    journal.close();
    return { folder, path, starts };
  }

  test('any flipped byte costs one record, and is noticed', () => {
    const { folder, path, starts } = tenRecords();
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x41;
      writeFileSync(path, bytes);
      const { journal, names } = open(folder);
      const lost = starts.findLastIndex((start) => start <= at);
      const expected = Array.from({ length: 10 }, (_, i) => `n${i}`).filter((_, i) => i !== lost);
      expect([...names.values.keys()], `byte ${at}`).toEqual(expected);
      expect(
        journal.damage.map(({ file, offset }) => `${file}@${offset}`),
        `byte ${at}`,
      ).toEqual([`journal-1@${starts[lost]}`]);
      journal.close();
    }
  });

  test('a cut anywhere costs what is behind it; an append after it counts', () => {
    const { folder, path, starts } = tenRecords();
    const whole = readFileSync(path);
    for (let length = 0; length <= whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      const { journal, names } = open(folder);
      const left = [...starts.slice(1), whole.length].filter((end) => end <= length).length;
      expect(names.values.size).toBe(left);
      journal.append(set('after', 1));
      expect(names.values.get('after')).toBe(1);
      expect(journal.damage).toEqual([]);
      const again = open(folder);
      expect(again.names.values).toEqual(names.values);
      expect(again.journal.damage).toEqual([]);
      expect(again.journal.tornBytes).toBe(0);
      again.journal.close();
      journal.close();
    }
  });

  test('rotation keeps all that is valid and forgets the damage', () => {
    const { folder, path, starts } = tenRecords();
    const bytes = readFileSync(path);
    bytes[starts[4]! + 20]! ^= 1;
    writeFileSync(path, bytes);
    const { journal } = open(folder);
    journal.rotate();
    journal.close();
    const { journal: next, names } = open(folder);
    expect(next.damage).toEqual([]);
    expect([...names.values.keys()]).toEqual(['n0', 'n1', 'n2', 'n3', 'n5', 'n6', 'n7', 'n8', 'n9']);
    expect(existsSync(path)).toBe(false);
    next.close();
  });

  test('one that is deleted is missed by who opens the store, and written again by who has it open', () => {
    const { folder, path } = tenRecords();
    const { journal, names } = open(folder);
    rmSync(path);
    journal.append(set('after', 1));
    expect(names.values.size).toBe(11);
    const other = open(folder);
    expect(other.names.values).toEqual(names.values);
    for (const opened of [journal, other.journal]) opened.close();
    rmSync(join(folder, 'journal-2'));
    const late = open(folder);
    expect(late.journal.damage).toHaveLength(1);
    late.journal.rotate();
    expect(late.journal.damage).toEqual([]);
    late.journal.close();
  });
});
