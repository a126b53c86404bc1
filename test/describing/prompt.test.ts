import { expect, test } from 'vitest';

import { readDescription } from '../../src/describing/prompt.js';

test.each<[string, string, string | null]>([
  [
    'a sentence',
    'Sends a request again, and gives up after some time.',
    'Sends a request again, and gives up after some time.',
  ],
  ['a heading, a fence and quotes', '**Description:** "Sends a request again."\n```\n```', 'Sends a request again.'],
  ['what it thought before', '<think>It retries; so…</think>\nSends a request again.', 'Sends a request again.'],
  ['a phrase without an end', 'Sends a request again', 'Sends a request again'],
  ['a sentence that is cut off', 'Sends it again. When the server asks for', 'Sends it again.'],
  ['a sentence again and again', 'The code adds. The code adds. The code, adds. The code', 'The code adds.'],
  [
    'names and calls in passing',
    'Calls open() and close() on e.g. a file (or a pipe).',
    'Calls open() and close() on e.g. a file (or a pipe).',
  ],
  ['another script', '要求を再送する。', '要求を再送する。'],
  ['nothing', ' \n', null],
  ['marks alone', '{ } ;', null],
  ['code', 'package mux import ( "net/http" ) // handlers var x := 1; func run() { return }', null],
  ['words in a circle', `def handler(${'r: RenderContext, '.repeat(20)}r:`, null],
  [
    'sentences in a circle',
    'It is a function that returns a new router. It is not a function that returns a new router, but it is a function that returns a new router. ' +
      'It does not provide a function that returns a new router, and it is a function that returns a new router. It is',
    null,
  ],
])('of an answer with %s', (_, answer, description) => expect(readDescription(answer)).toBe(description));
