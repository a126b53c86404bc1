import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../src/engine/types.js';
import { median, quantile } from '../support/measure.js';
import { BenchDaemon } from './bench-daemon.js';
import { linesOf, ms, storeOf } from './context.js';
import type { DaemonBench } from './context.js';
import { pause } from './waiting.js';
import { makeWorkRepository, someTextFiles } from './work-repository.js';
import type { TextFile } from './work-repository.js';

const fileCount = 40;
const saveCount = 200;
const staleSaveCount = 100;
/** Between an answer and the next save: at times the daemon has not yet looked at the one before, at times it has. */
const thinkMsMax = 400;
const giveUpMs = 10_000;
const stalePollMs = 2;

interface Save {
  readonly how: 'write' | 'rename';
  readonly asked: 'grep' | 'search';
  /** From the beginning of the save to the answer that shows it. */
  readonly ms: number;
  readonly answers: number;
  /** Answers that did not show it and called themselves live. */
  readonly wrong: number;
}

/** One file is saved, and asked for until the answer shows it. */
export async function measureSave(bench: DaemonBench): Promise<void> {
  const { report, folder } = bench;
  const repository = makeWorkRepository(join(folder, 'repo'), bench.origin, bench);
  const daemon = BenchDaemon.start(storeOf(bench));
  const engine = daemon.engine(repository.path);
  await engine.index(['HEAD', '@worktree']);
  await daemon.watching();
  const files = new SavedFiles(repository.path, someTextFiles(repository, fileCount, bench.random));

  const run = async (count: number, allowStale: boolean): Promise<Save[]> => {
    const saves: Save[] = [];
    for (let i = 0; i < count; i++) {
      await pause(bench.random(thinkMsMax));
      const how = i % 2 === 0 ? 'write' : 'rename';
      saves.push(await saveOnce(engine, files, how, i % 4 < 2 ? 'grep' : 'search', allowStale));
    }
    return saves;
  };
  await run(10, false);
  const saves = await run(saveCount, false);
  const stale = await run(staleSaveCount, true);
  const watched = (await daemon.describe()).worktrees;
  await daemon.stop();

  const times = saves.map((save) => save.ms);
  const [p50, p99] = [median(times), quantile(times, 0.99)];
  report.add(
    `a save, to an answer over the socket that shows it (${saves.length} saves)`,
    `p50 ${ms(p50)} ms, p99 ${ms(p99)} ms, most ${ms(Math.max(...times))} ms (grep p50 ${ms(median(timesOf(saves, 'grep')))} ms, search ${ms(median(timesOf(saves, 'search')))} ms)`,
    'p50 ≤ 150 ms, p99 ≤ 500 ms',
    p50 <= 150 && p99 <= 500,
    { saves, watched },
  );
  const answers = [...saves, ...stale].reduce((sum, save) => sum + save.answers, 0);
  const wrong = [...saves, ...stale].reduce((sum, save) => sum + save.wrong, 0);
  report.add(`answers that say \`live\` and miss the save, of ${answers}`, String(wrong), '0', wrong === 0);
  const staleTimes = stale.map((save) => save.ms);
  report.add(
    'the same with allowStale',
    `p50 ${ms(median(staleTimes))} ms, p99 ${ms(quantile(staleTimes, 0.99))} ms, after ${median(stale.map((save) => save.answers - 1))} stale answers at the median`,
    '',
    null,
    stale,
  );
}

const timesOf = (saves: readonly Save[], asked: Save['asked']): number[] =>
  saves.filter((save) => save.asked === asked).map((save) => save.ms);

async function saveOnce(
  engine: Engine,
  files: SavedFiles,
  how: Save['how'],
  asked: Save['asked'],
  allowStale: boolean,
): Promise<Save> {
  const startMs = performance.now();
  const { marker, path } = files.save(how);
  for (let answers = 1, wrong = 0; ; answers++) {
    let shown: boolean;
    let freshness: string;
    if (asked === 'grep') {
      const found = await engine.grep('savemark_\\d+_', { rev: '@worktree', allowStale });
      shown = linesOf(found).join('\n') === files.marks().join('\n');
      freshness = found.freshness;
    } else {
      const { hits } = await engine.search(`"${marker}"`, { rev: '@worktree', allowStale });
      shown = hits.some((hit) => hit.path === path && hit.text.includes(marker));
      // Where nothing is found nothing says how fresh that is: without allowStale it has to be live.
      freshness = hits[0]?.freshness ?? (allowStale ? 'stale' : 'live');
    }
    const elapsed = performance.now() - startMs;
    if (shown) return { how, asked, ms: elapsed, answers, wrong };
    if (freshness !== 'stale') wrong++;
    if (elapsed > giveUpMs) throw new Error(`${path} was saved, and is not found after ${giveUpMs} ms`);
    if (allowStale) await pause(stalePollMs);
  }
}

/** Files of a work tree, each of which has one line that tells its latest save. */
class SavedFiles {
  private readonly current = new Map<string, string>();
  private count = 0;

  constructor(
    private readonly folder: string,
    private readonly files: readonly TextFile[],
  ) {}

  /** Saves the next file: in place, or as editors do that never leave half a file behind. */
  save(how: Save['how']): { path: string; marker: string } {
    const { path, text } = this.files[this.count % this.files.length]!;
    const marker = `savemark_${++this.count}_`;
    const target = join(this.folder, path);
    const written = how === 'write' ? target : `${target}.${process.pid}.tmp`;
    writeFileSync(written, `${text}${marker}\n`);
    if (how === 'rename') renameSync(written, target);
    this.current.set(path, `${path}:${text.split('\n').length}:${marker}`);
    return { path, marker };
  }

  /** The lines that are there now, in the order of an answer. */
  marks(): string[] {
    return [...this.current].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([, line]) => line);
  }
}
