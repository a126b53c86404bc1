import { byteLength, bytesPerToken, clip, jsonLength } from './token-budget.js';

/** What a tool answers: the text is for the model, the same as data for clients that have asked for it. */
export interface ToolAnswer {
  readonly text: string;
  readonly structured: Readonly<Record<string, unknown>>;
}

export interface ListAnswerOptions {
  readonly maxTokens: number;
  /** First line of the text. */
  readonly title: string;
  /** Name of the list in the data. */
  readonly list: string;
  /** What the data says besides the list. */
  readonly fields: object;
}

/** Bytes that are kept for the note at the end. */
const noteBytes = 440;

/** A list that is filled until the text, or the data where it is sent, has what the budget allows. An item is in both or in neither. */
export class ListAnswer {
  private readonly blocks: string[];
  private readonly items: object[] = [];
  private textLeft: number;
  private dataLeft: number;

  constructor(
    private readonly options: ListAnswerOptions,
    withData: boolean,
  ) {
    const { maxTokens, title, list, fields } = options;
    const bytes = maxTokens * bytesPerToken - noteBytes;
    this.blocks = [title];
    this.textLeft = bytes - byteLength(title);
    this.dataLeft = withData ? bytes - jsonLength({ ...fields, [list]: [], note: '' }) : Infinity;
  }

  get count(): number {
    return this.items.length;
  }

  /** Whether an item would fit; with a share, into that part of what is left. */
  fits(text: string, item: object, share = 1): boolean {
    return byteLength(text) + 1 <= this.textLeft * share && jsonLength(item) + 1 <= this.dataLeft * share;
  }

  /** False, and nothing happens, when it does not fit. */
  add(text: string, item: object): boolean {
    if (!this.fits(text, item)) return false;
    this.textLeft -= byteLength(text) + 1;
    this.dataLeft -= jsonLength(item) + 1;
    this.blocks.push(text);
    this.items.push(item);
    return true;
  }

  /** The answer, with what has to be said at its end: what was left out and how to get it. */
  end(note: string | null = null): ToolAnswer {
    const { list, fields } = this.options;
    const shown = note === null ? null : clip(note, noteBytes - 2);
    return {
      text: [...this.blocks, ...(shown === null ? [] : [shown])].join('\n'),
      structured: { ...fields, [list]: this.items, ...(shown === null ? {} : { note: shown }) },
    };
  }
}
