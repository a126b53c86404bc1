import { git } from '../../../test/support/git.js';
import { pause } from '../waiting.js';
import type { ClientPlan } from './plan.js';

/** Between two moves, at random. */
const everyMs: readonly [number, number] = [400, 1000];

/** Moves the branches forward, the one that is checked out with its work tree, until it is told to stop. */
export class BranchMover {
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private moves = 0;

  constructor(private readonly plan: Pick<ClientPlan, 'repo' | 'moving'>) {}

  /** How many moves may come in so long, at most. */
  static movesIn(durationMs: number): number {
    return Math.ceil(durationMs / everyMs[0]) + 1;
  }

  start(): void {
    this.move();
    this.running = this.run();
  }

  async stop(): Promise<number> {
    this.stopped = true;
    await this.running;
    return this.moves;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await pause(everyMs[0] + Math.random() * (everyMs[1] - everyMs[0]));
      this.move();
    }
  }

  private move(): void {
    const { repo, moving } = this.plan;
    for (const [branch, commits] of Object.entries(moving)) {
      const commit = commits[Math.min(this.moves, commits.length - 1)]!;
      // As a pull does: what clients have saved in the work tree stays.
      if (branch === 'HEAD') git(repo, ['reset', '-q', '--keep', commit]);
      else git(repo, ['update-ref', `refs/heads/${branch}`, commit]);
    }
    this.moves++;
  }
}
