import type { ApplyStep } from '../../../src/engine/types.js';
import type { Random } from '../../../test/crash/support/random.js';
import type { KnownRev, Line } from './plan.js';

/** What a fork has to hold: a commit that is known, and the files that were edited since. */
export class ForkModel {
  /** Null: removed. */
  private readonly edited: Map<string, string | null>;

  constructor(
    private readonly base: KnownRev,
    edited: ReadonlyMap<string, string | null> = new Map(),
  ) {
    this.edited = new Map(edited);
  }

  copy(): ForkModel {
    return new ForkModel(this.base, this.edited);
  }

  /** A random step, which has been taken here when this returns; each one leaves a line with the marker. */
  edit(marker: string, random: Random): { step: ApplyStep; path: string } {
    const files = this.base.files;
    const { path, text } = files[random(files.length)]!;
    const known = this.textOf(path) ?? text;
    const lines = known.split('\n');
    const at = random(lines.length);
    const changed = [...lines.slice(0, at), `${marker} = ${at}`, ...lines.slice(at)].join('\n');
    const put = (target: string, content: string): { step: ApplyStep; path: string } => {
      this.edited.set(target, content);
      return { step: { kind: 'put', path: target, content: Buffer.from(content) }, path: target };
    };
    switch (this.textOf(path) === null ? 0 : random(3)) {
      case 0:
        return put(`${marker}.txt`, `first\n${marker} of a new file\n`);
      case 1:
        return put(path, changed);
      default:
        this.edited.set(path, changed);
        return { step: { kind: 'patch', patch: Buffer.from(patchOf(path, lines, at, `${marker} = ${at}`)) }, path };
    }
  }

  /** Takes a random file away. */
  remove(random: Random): ApplyStep | null {
    const present = this.base.files.filter(({ path }) => this.textOf(path) !== null);
    if (present.length === 0) return null;
    const { path } = present[random(present.length)]!;
    this.edited.set(path, null);
    return { kind: 'remove', path };
  }

  /** A random file that is there, with its text. */
  someFile(random: Random): { path: string; text: string } | null {
    const texts = new Map<string, string | null>(this.base.files.map(({ path, text }) => [path, text]));
    for (const [path, text] of this.edited) texts.set(path, text);
    const present = [...texts].flatMap(([path, text]) => (text === null ? [] : [{ path, text }]));
    return present[random(present.length)] ?? null;
  }

  /** The lines with one of the plan's literals, or with a marker, in the order of an answer. */
  linesWith(literal: string, literalIndex: number | null): Line[] {
    const untouched = literalIndex === null ? [] : this.base.lines[literalIndex]!;
    const lines: Line[] = untouched.filter(([path]) => !this.edited.has(path));
    for (const [path, text] of this.edited) {
      text?.split('\n').forEach((line, i) => {
        if (line.includes(literal)) lines.push([path, i + 1, line]);
      });
    }
    return lines.sort(([a, m], [b, n]) => Buffer.compare(Buffer.from(a), Buffer.from(b)) || m - n);
  }

  private textOf(path: string): string | null {
    const edited = this.edited.get(path);
    return edited !== undefined ? edited : (this.base.files.find((file) => file.path === path)?.text ?? null);
  }
}

const contextLines = 3;

/** A unified diff that adds a line; `lines` are the file's, with what follows its last newline. */
function patchOf(path: string, lines: readonly string[], at: number, added: string): string {
  const count = lines.length - 1;
  const where = Math.min(at, count);
  const from = Math.max(0, where - contextLines);
  const to = Math.min(count, where + contextLines);
  const before = lines.slice(from, where).map((line) => ` ${line}\n`);
  const after = lines.slice(where, to).map((line) => ` ${line}\n`);
  const start = to - from === 0 ? from : from + 1;
  const range = `@@ -${start},${to - from} +${from + 1},${to - from + 1} @@`;
  return `--- a/${path}\n+++ b/${path}\n${range}\n${before.join('')}+${added}\n${after.join('')}`;
}
