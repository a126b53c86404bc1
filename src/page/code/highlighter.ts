import { signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { HighlightReply, HighlightRequest } from './highlight-worker.js';
import type { ScopeRuns } from './highlighted-html.js';

/** Longer texts, and texts with a line as long as a minified file's, stay without colours. */
const charsMax = 1_000_000;
const lineCharsMax = 20_000;
/** Texts whose colours are kept. */
const entriesMax = 1_000;
/** Texts that wait; the oldest have been scrolled away. */
const waitingMax = 100;

interface Entry {
  readonly request: HighlightRequest;
  readonly runs: Signal<ScopeRuns | null>;
}

/** Colours texts in a worker, so that nothing waits for it. */
class Highlighter {
  /** By language and text; the least recently used first. */
  private readonly entries = new Map<string, Entry>();
  private readonly waiting: Entry[] = [];
  private working: Entry | null = null;
  private nextId = 1;
  private worker: Worker | null = null;

  /** The colours of a text: null until they are there, empty when it has none. */
  runsOf(text: string, language: string): ReadonlySignal<ScopeRuns | null> {
    const key = `${language}\n${text}`;
    let entry = this.entries.get(key);
    this.entries.delete(key);
    entry ??= this.request(text, language);
    this.entries.set(key, entry);
    if (this.entries.size > entriesMax) this.entries.delete(this.entries.keys().next().value!);
    return entry.runs;
  }

  private request(text: string, language: string): Entry {
    const entry: Entry = { request: { id: this.nextId++, text, language }, runs: signal(null) };
    if (text.length > charsMax || longestLine(text) > lineCharsMax) {
      entry.runs.value = new Uint32Array();
      return entry;
    }
    this.waiting.push(entry);
    if (this.waiting.length > waitingMax) this.forget(this.waiting.shift()!);
    this.sendNext();
    return entry;
  }

  /** The newest first: that is what is on the screen. */
  private sendNext(): void {
    if (this.working !== null) return;
    this.working = this.waiting.pop() ?? null;
    if (this.working === null) return;
    this.worker ??= this.startWorker();
    this.worker.postMessage(this.working.request);
  }

  private startWorker(): Worker {
    const worker = new Worker('./highlight-worker.js', { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<HighlightReply>) => {
      const entry = this.working;
      this.working = null;
      if (entry?.request.id === data.id) entry.runs.value = data.runs;
      this.sendNext();
    };
    // A worker that cannot be started colours nothing; texts are shown all the same.
    return worker;
  }

  private forget({ request }: Entry): void {
    this.entries.delete(`${request.language}\n${request.text}`);
  }
}

function longestLine(text: string): number {
  let longest = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return longest;
}

export const highlighter = new Highlighter();
