import { platform, setPriority } from 'node:os';
import { elapsedMs } from '../../base/index.js';
import { serveJobs } from '../../threads/index.js';
import { findInText } from './find-in-text.js';
import { canRunWithDeadline, isGuardTimeout, runWithDeadline } from '../guard.js';
import type { LineMatcher } from '../line-matcher.js';
import { compilePattern, unguardedMatcherOf } from '../pattern.js';
import type { ScanAnswer, ScanJob } from './scan-on-threads.js';

// A worker thread: each job is a pattern and some texts, and a time after which it leaves off. It is ended when it does not.

// Whoever waits for something else comes first. On Linux that is of this thread alone, elsewhere of the whole process.
if (platform() === 'linux') {
  try {
    setPriority(10);
  } catch {
    // Not allowed here.
  }
}

let last: { readonly key: string; readonly matcher: LineMatcher } | undefined;

serveJobs<ScanJob, ScanAnswer>(({ source, options, texts, wanted, limit, turnMs }) => {
  const key = JSON.stringify([source, options]);
  if (last?.key !== key) last = { key, matcher: unguardedMatcherOf(compilePattern(source, options)) };
  const { matcher } = last;
  const found: (readonly number[])[] = [];
  const endMs = elapsedMs() + turnMs;
  const scan = (): void => {
    for (const text of texts) {
      found.push(findInText(matcher, text, wanted, limit));
      if (elapsedMs() > endMs) return;
    }
  };
  try {
    // Without a guard the thread itself is ended, some time after its turn.
    if (canRunWithDeadline()) runWithDeadline(turnMs, scan);
    else scan();
  } catch (error) {
    if (!isGuardTimeout(error)) throw error;
  }
  const ends = new Uint32Array(found.length);
  const numbers = new Uint32Array(found.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  found.forEach((own, i) => {
    numbers.set(own, at);
    ends[i] = at += own.length;
  });
  return { result: { ends, numbers }, transfer: [ends.buffer, numbers.buffer] };
});
