/** JSON Schema of what a tool answers. */
export interface AnswerSchema {
  readonly [keyword: string]: unknown;
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required: string[];
}

export const text = { type: 'string' } as const;
export const integer = { type: 'integer' } as const;
export const boolean = { type: 'boolean' } as const;
export const nullableText = { type: ['string', 'null'] } as const;
export const texts = { type: 'array', items: text } as const;
export const integers = { type: 'array', items: integer } as const;

/** See `Provenance`. */
export const provenance = {
  repo: text,
  rev: text,
  commit: nullableText,
  freshness: { enum: ['exact', 'live', 'stale'] },
} as const;

/** See `DefinedSymbol`. */
export const definitionSchema = {
  name: text,
  scope: { ...text, description: 'names of what encloses it, joined by dots' },
  kind: text,
  line: { ...integer, description: 'of its name' },
  startLine: integer,
  endLine: integer,
  signature: text,
  doc: { ...text, description: 'first sentence of its documentation, or empty' },
} as const;

/** All properties but those named here are always there. */
export function objectSchema(
  properties: Readonly<Record<string, object>>,
  optional: readonly string[] = [],
): AnswerSchema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

/**
 * An answer that is a list of objects, with what it says besides. Of an empty list it need not be known how fresh it is; files
 * that were not searched are named if there are any.
 */
export function listSchema(
  list: string,
  items: object,
  fields: Readonly<Record<string, object>> = provenance,
): AnswerSchema {
  return objectSchema({ ...fields, [list]: { type: 'array', items }, note: text }, [
    'note',
    'freshness',
    'unsearched',
    'confidence',
    'did_you_mean',
    'notes',
    'nearest',
    'rerank',
  ]);
}
