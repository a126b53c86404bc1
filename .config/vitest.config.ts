import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The page's tests share one browser, and so one file that takes minutes: begun last it would be waited for by one worker alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('/test/page/browser.test.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  // VS Code gives this module itself; tests have a double.
  resolve: {
    alias: [
      { find: /^vscode$/, replacement: fileURLToPath(new URL('../test/vscode/support/vscode.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['.config/vitest-temp.mjs'],
    // Real git repositories and worker threads: slow machines need more than vitest's five seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A worker that has run daemons and threads may take its time to end on a busy machine.
    teardownTimeout: 60_000,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    // Much of the time a test waits for git, a daemon or a disk: one worker fewer than there are cores, the default, leaves half of two idle.
    maxWorkers: Math.max(2, availableParallelism()),
    env: {
      // Tests see the same git whatever the user's own configuration is.
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      // Nothing is left running behind a test: those of the daemon ask for one.
      COPPICE_DAEMON: 'off',
    },
  },
});
