import type { ChatConfig } from '../chat/index.js';
import { readSettings } from '../indexing/index.js';
import { leavesOf, rankingSignals, valueOf } from '../search/index.js';
import { saveSettings } from '../store/index.js';

/** Ranking signals, by name, with the values that come with Coppice. */
export const rankingDefaults = (): Record<string, number> =>
  Object.fromEntries(leavesOf(rankingSignals).map((name) => [name, valueOf(rankingSignals, name)]));

/** Puts ranking signals into the settings of a store. Processes that have it open use them once they are started anew. */
export const saveRanking = (storePath: string, ranking: Readonly<Record<string, number>>): void =>
  saveSettings(storePath, { ranking });

/** Agents may say which hits answered: off unless the settings of the store allow it. */
export function allowsFeedback(storePath: string): boolean {
  try {
    return readSettings(storePath).feedback;
  } catch {
    return false; // what is wrong with the settings is told by whoever needs them
  }
}

/** The model that the settings of a store name for whatever is asked; null: none. CONFIG_INVALID. */
export function chatSettings(storePath: string): ChatConfig | null {
  const { chat, describe } = readSettings(storePath);
  return chat ?? describe;
}
