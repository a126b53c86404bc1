/** A part of a file that is in another language. */
export interface EmbeddedBlock {
  readonly language: string;
  readonly text: string;
  /** Line of the file for each line of the text. */
  readonly lines: LineMap;
}

export type LineMap = (line: number) => number;
