import { describe, expect, test } from 'vitest';
import { createChunker } from '../../src/chunking/index.js';
import { bytesOf } from './helpers.js';

const chunker = await createChunker();

/** `line kind scope.name`, lines of the file from 1. */
function symbolsOf(text: string, language: string): string[] {
  const content = bytesOf(text);
  const file = chunker.chunk(content, language);
  expect(file.diagnostics).toEqual([]);
  let first = 1;
  return file.chunks.flatMap(({ startByte, endByte, symbols }) => {
    const start = first;
    first += Buffer.from(content.subarray(startByte, endByte)).toString().split('\n').length - 1;
    return symbols.map(
      ({ name, kind, scope, line }) => `${start + line} ${kind} ${scope === '' ? '' : `${scope}.`}${name}`,
    );
  });
}

describe('markup', () => {
  test('Vue: scripts in their language, styles, and no templates', () => {
    const text = `<template>
  <div @click="save">{{ label }}</div>
</template>

<script lang="ts">
export interface Props { label: string }
</script>
<script setup lang="ts">
const props = defineProps<Props>()
function save(): void {
  enum Mode { On, Off }
}
</script>

<style scoped lang="scss">
.card { .title { color: red } }
</style>
`;
    expect(symbolsOf(text, 'vue')).toEqual([
      '6 interface Props', '6 property Props.label', '9 constant props', '10 function save', '11 enum save.Mode',
      '11 constant save.Mode.On',
      '11 constant save.Mode.Off', '16 rule .card', '16 rule .card..title',
    ]); // prettier-ignore
  });

  test('Svelte: the script of the module and that of the component', () => {
    const text = `<script context="module" lang='ts'>
  export type Id = string;
</script>
<script lang="ts">
  export let count = 0;
  const increment = () => { count += 1; };
</script>
<button on:click={increment}>{count}</button>
`;
    expect(symbolsOf(text, 'svelte')).toEqual(['2 type Id', '5 constant count', '6 function increment']);
  });

  test('Astro: front matter and scripts are TypeScript', () => {
    const text = `---
interface Props { title: string }
const { title } = Astro.props as Props;
function format(x: string): string { return x; }
---
<h1>{title}</h1>
<script>
  class Toggle extends HTMLElement { connectedCallback(): void {} }
</script>
`;
    const symbols = symbolsOf(text, 'astro');
    expect(symbols).toContain('2 interface Props');
    expect(symbols).toContain('4 function format');
    expect(symbols).toContain('8 class Toggle');
    expect(symbols).toContain('8 method Toggle.connectedCallback');
  });

  test('HTML: what is a program is read, on its line, whatever stands around', () => {
    const text = `<!DOCTYPE html>
<html><head>
<!-- <script>function commented() {}</script> -->
<script type="application/ld+json">{"name": "x"}</script>
<script type="text/x-template"><p>function template() {}</p></script>
<SCRIPT type="text/javascript">function loud() {}</SCRIPT>
<script src="a.js"></script>
<style>
.a > .b { color: red }
</style>
</head><body>
<main id="app"></main>
<script type="module">
  const text = "<script>function no() {}";
  export function start() {}
</script>
<script>function last() {}
`;
    const symbols = symbolsOf(text, 'html');
    for (const one of [
      '6 function loud',
      '9 rule .a > .b',
      '12 element app',
      '15 function start',
      '17 function last',
    ]) {
      expect(symbols).toContain(one);
    }
    expect(symbols.join()).not.toMatch(/commented|template|function no/);
  });

  test('templates: what a server fills in does not hide the script around it', () => {
    const text = `<% if (user) { %>
<script>
  var user = <%= json(user) %>;
  {% if debug %}
  function first() { return {{ value }}; }
  {% endif %}
  function second() {}
</script>
<% } %>
`;
    expect(symbolsOf(text, 'template')).toEqual(['3 constant user', '5 function first', '7 function second']);
  });

  test('PHP in HTML and HTML in PHP', () => {
    const page = `<html>
<?php function greet($name) { return "Hi"; } ?>
<script>
function client() {}
</script>
<?php class Page { function show() {} } ?>
</html>
`;
    for (const language of ['php', 'html']) {
      const symbols = symbolsOf(page, language);
      expect(symbols).toContain('2 function greet');
      expect(symbols).toContain('4 function client');
      expect(symbols).toContain('6 method Page.show');
    }
  });
});

describe('notebooks', () => {
  const cell = (type: string, source: string | string[]): object => ({
    cell_type: type,
    metadata: {},
    outputs: [],
    source,
  });
  const notebook = (metadata: object, ...cells: object[]): string =>
    `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;

  test('code cells are in the language of the kernel, at the lines of the file', () => {
    const text = notebook(
      { kernelspec: { language: 'python', name: 'python3' } },
      cell('markdown', ['# Title\n', 'words']),
      cell('code', ['%matplotlib inline\n', 'import os\n', 'def load(path):\n', '    return path\n']),
      cell('code', ['class Model:\n', '    def fit(self):\n', '        pass']),
      cell('code', 'def one(): pass\ndef two(): pass'),
      cell('code', ['%%bash\n', 'deploy() {\n', '  :\n', '}\n']),
    );
    const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
    expect(symbolsOf(text, 'jupyter')).toEqual([
      `${lineOf('# Title')} section Title`,
      `${lineOf('def load')} function load`,
      `${lineOf('class Model')} class Model`,
      `${lineOf('def fit')} method Model.fit`,
      `${lineOf('def one')} function one`,
      `${lineOf('def one')} function two`,
      `${lineOf('deploy()')} function deploy`,
    ]);
  });

  test('another kernel, and the sheets of older notebooks', () => {
    const lua = notebook({ language_info: { name: 'lua' } }, cell('code', ['function f()\n', 'end\n']));
    expect(symbolsOf(lua, 'jupyter').map((line) => line.replace(/^\d+ /, ''))).toEqual(['function f']);
    const old = JSON.stringify({
      worksheets: [{ cells: [{ cell_type: 'code', input: ['def g():\n', '  pass'] }] }],
      nbformat: 3,
    });
    expect(symbolsOf(`${old}\n`, 'jupyter')).toEqual(['1 function g']);
  });

  test.each(['', '{', '[[[', '{"cells": [{"cell_type": "code", "source": ["def f(', `${'['.repeat(5000)}`, '{"cells": 3}', '"\\'])(
    'broken: %j',
    (text) => expect(symbolsOf(text, 'jupyter')).toEqual([]),
  ); // prettier-ignore
});
