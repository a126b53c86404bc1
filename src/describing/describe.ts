import { CoppiceError, asCoppiceError, elapsedMs, throwIfAborted } from '../base/index.js';
import { addTokens, answerStart, estimateTokens, noTokens } from '../chat/index.js';
import type { ChatClient, ChatRequest, Tokens } from '../chat/index.js';
import type { Snapshot } from '../snapshot/index.js';
import type { DescriptionLog, StoredDescription } from '../store/index.js';
import type { UndescribedChunk } from './missing.js';
import { describedChunk } from './missing.js';
import { askedOf, readDescription } from './prompt.js';

export interface DescribeOptions {
  readonly signal: AbortSignal | undefined;
  /** Of a chunk's text, in characters. */
  readonly maxChars: number;
  readonly concurrency: number;
  /** No request is begun that could go beyond it; null: no bound. */
  readonly budgetTokens: number | null;
  readonly onProgress: (done: number, spent: Tokens) => void;
}

export interface Described {
  readonly described: number;
  /** Chunks that the model had nothing usable to say of; they are tried again another time. */
  readonly failed: number;
  /** Why the last of them. */
  readonly failure: string | null;
  readonly tokens: Tokens;
  readonly isOverBudget: boolean;
}

/** Written at least so often, so that little is asked for again when the process is killed. */
const writeEveryMs = 2000;
const writeEvery = 64;
/** Something is wrong with the model when so many have failed in a row. */
const failuresMax = 8;

/** What would be sent for a chunk. */
export const requestFor = (
  client: ChatClient,
  snapshot: Snapshot,
  { doc }: UndescribedChunk,
  maxChars: number,
): ChatRequest => client.requestOf(askedOf(describedChunk(snapshot, doc), maxChars));

/**
 * Has a model describe chunks, in order, several at a time, and keeps what it says. What is done is kept when it is cut short:
 * ABORTED, MODEL_UNAVAILABLE, MODEL_REFUSED; MODEL_INVALID when it answers nothing usable time and again.
 */
export async function describeChunks(
  client: ChatClient,
  log: DescriptionLog,
  snapshot: Snapshot,
  chunks: readonly (UndescribedChunk & { readonly key: string })[],
  { signal, maxChars, concurrency, budgetTokens, onProgress }: DescribeOptions,
): Promise<Described> {
  let tokens = noTokens;
  let reserved = 0;
  let described = 0;
  let failed = 0;
  let failedInRow = 0;
  let failure: string | null = null;
  let isOverBudget = false;
  let error: unknown = null;
  let next = 0;
  let made: StoredDescription[] = [];
  let writtenMs = elapsedMs();
  const write = (): void => {
    log.append(made);
    made = [];
    writtenMs = elapsedMs();
  };
  const one = async (chunk: UndescribedChunk & { readonly key: string }): Promise<void> => {
    for (let chars = maxChars; ; chars >>= 1) {
      try {
        const { text, tokens: own } = await client.ask(askedOf(describedChunk(snapshot, chunk.doc), chars), { signal });
        tokens = addTokens(tokens, own);
        const said = readDescription(text);
        if (said === null) {
          throw new CoppiceError(
            'MODEL_INVALID',
            `${client.shownAddress} does not describe a chunk, but says "${answerStart(text)}"`,
            {
              hint: 'another model: this one may be too small to describe code',
            },
          );
        }
        made.push({ key: chunk.key, text: said });
        described++;
        failedInRow = 0;
        return;
      } catch (thrown) {
        const { code, message, data } = asCoppiceError(thrown);
        // What is too long for a model is shortened.
        const status = Number(data['status']);
        if (code === 'MODEL_REFUSED' && [400, 413, 422].includes(status) && chars >= 1024) continue;
        const isOfThisChunk =
          code === 'MODEL_INVALID' || (code === 'MODEL_REFUSED' && [400, 413, 422].includes(status));
        if (!isOfThisChunk || ++failedInRow >= failuresMax) throw thrown;
        failed++;
        failure = message;
        return;
      }
    }
  };
  const work = async (): Promise<void> => {
    while (next < chunks.length && error === null && !isOverBudget) {
      const chunk = chunks[next]!;
      const { system, user, maxTokens } = askedOf(describedChunk(snapshot, chunk.doc), maxChars);
      const most = estimateTokens(system, user) + maxTokens;
      if (budgetTokens !== null && tokens.input + tokens.output + reserved + most > budgetTokens) {
        isOverBudget = true;
        return;
      }
      next++;
      reserved += most;
      try {
        throwIfAborted(signal);
        await one(chunk);
        onProgress(described + failed, tokens);
        if (made.length >= writeEvery || elapsedMs() - writtenMs >= writeEveryMs) write();
      } catch (thrown) {
        error ??= thrown;
      } finally {
        reserved -= most;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, chunks.length) }, work));
  } finally {
    write();
  }
  if (error !== null) throw asCoppiceError(error);
  return { described, failed, failure, tokens, isOverBudget };
}
