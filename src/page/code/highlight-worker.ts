import hljs from 'highlight.js/lib/core';
import { runsOfHtml, type ScopeRuns } from './highlighted-html.js';
import { grammarOfLanguage, loadGrammars } from './highlight-languages.js';

export interface HighlightRequest {
  readonly id: number;
  readonly text: string;
  /** One of our language ids. */
  readonly language: string;
}

export interface HighlightReply {
  readonly id: number;
  readonly runs: ScopeRuns;
}

// The part of the worker's own scope that is used; the page's types describe windows.
declare const self: {
  onmessage: (event: MessageEvent<HighlightRequest>) => void;
  postMessage(reply: HighlightReply, transfer: Transferable[]): void;
};

self.onmessage = ({ data }) => {
  void runsOf(data.text, data.language)
    // Without colours it can be read as well.
    .catch((): ScopeRuns => new Uint32Array())
    .then((runs) => self.postMessage({ id: data.id, runs }, [runs.buffer]));
};

async function runsOf(text: string, language: string): Promise<ScopeRuns> {
  const grammar = grammarOfLanguage(language);
  if (grammar === undefined) return new Uint32Array();
  if (hljs.getLanguage(grammar) === undefined) {
    for (const [name, definition] of await loadGrammars(grammar)) hljs.registerLanguage(name, definition);
  }
  return runsOfHtml(hljs.highlight(text, { language: grammar, ignoreIllegals: true }).value);
}
