import { platform, setPriority } from 'node:os';
import { serveJobs } from '../threads/index.js';
import { findInText } from './find-in-text.js';
import type { LineMatcher } from './line-matcher.js';
import { compilePattern, unguardedMatcherOf } from './pattern.js';
import type { ScanAnswer, ScanJob } from './scan-on-threads.js';

// A worker thread: each job is a pattern and some texts. It is ended when a job takes too long.

// Whoever waits for something else comes first. On Linux that is of this thread alone, elsewhere of the whole process.
if (platform() === 'linux') {
  try {
    setPriority(10);
  } catch {
    // Not allowed here.
  }
}

let last: { readonly key: string; readonly matcher: LineMatcher } | undefined;

serveJobs<ScanJob, ScanAnswer>(({ source, options, texts, wanted, limit }) => {
  const key = JSON.stringify([source, options]);
  if (last?.key !== key) last = { key, matcher: unguardedMatcherOf(compilePattern(source, options)) };
  const { matcher } = last;
  const found = texts.map((text) => findInText(matcher, text, wanted, limit));
  const ends = new Uint32Array(texts.length);
  const numbers = new Uint32Array(found.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  found.forEach((own, i) => {
    numbers.set(own, at);
    ends[i] = at += own.length;
  });
  return { result: { ends, numbers }, transfer: [ends.buffer, numbers.buffer] };
});
