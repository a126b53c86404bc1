import type { EmbeddedBlock } from './block.js';
import { notebookCells } from './notebook.js';
import { markupBlocks } from './markup.js';

/** The parts of a text that are in other languages than the text itself. */
export function embeddedBlocks(language: string, text: string): readonly EmbeddedBlock[] {
  return scanners[language]?.(text) ?? [];
}

/** Whether a text in that language can have parts in others. */
export const canEmbed = (language: string): boolean => scanners[language] !== undefined;

const scanners: Readonly<Record<string, (text: string) => EmbeddedBlock[]>> = {
  astro: (text) => markupBlocks(text, { script: 'typescript', frontMatter: 'typescript' }),
  html: (text) => markupBlocks(text, { script: 'javascript', php: true }),
  jupyter: notebookCells,
  php: (text) => markupBlocks(text, { script: 'javascript' }),
  svelte: (text) => markupBlocks(text, { script: 'javascript' }),
  template: (text) => markupBlocks(text, { script: 'javascript' }),
  vue: (text) => markupBlocks(text, { script: 'javascript' }),
};
