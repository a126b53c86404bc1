import { startOf } from '../base/index.js';

/** Texts that hold JSON somewhere are looked through for it so often. */
const triesMax = 64;
const textCharsMax = 200_000;
const shownCharsMax = 80;

/** What a model answered, without what it thought aloud before. */
export function answerOf(text: string): string {
  const ended = text.lastIndexOf('</think>');
  const answer = ended >= 0 ? text.slice(ended + '</think>'.length) : text.replace(/^\s*<think>[^]*$/, '');
  return answer.trim();
}

/** The beginning of what a model answered, on one line: to be told where it is not what was asked for. */
export const answerStart = (text: string): string =>
  startOf(answerOf(text).replace(/[\p{C}\s]+/gu, ' '), shownCharsMax);

/**
 * The first value in an answer that `accepts` makes something of: the answer itself as JSON, or JSON anywhere in it, in a fence, between
 * sentences, or cut short after whole elements. Null when there is none.
 */
export function readJson<T>(text: string, accepts: (value: unknown) => T | null): T | null {
  const answer = answerOf(text.slice(0, textCharsMax));
  const whole = tryParse(answer);
  const read = whole === undefined ? null : accepts(whole);
  if (read !== null) return read;
  let tries = 0;
  for (let at = 0; at < answer.length && tries < triesMax; at++) {
    if (answer[at] !== '{' && answer[at] !== '[') continue;
    tries++;
    const end = endOfValue(answer, at);
    const value = tryParse(answer.slice(at, end));
    const own = value === undefined ? null : accepts(value);
    if (own !== null) return own;
    if (value !== undefined) at = end - 1;
  }
  return null;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where an object or array ends that begins at `from`; the end of the text when it does not. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let isInString = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if (isInString) {
      if (char === '\\') at++;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

/**
 * An order of `count` things, numbered from 1, that a model gave in one of the usual ways: `{"order": [3, 1]}`, `[3, 1]`,
 * `[{"id": 3}, …]`, `[3] > [1]`, `3, 1`. As positions from 0, each once. Null when it is none: too few of `wanted` are named, or numbers
 * that are not there.
 */
export function readOrder(text: string, count: number, wanted: number): number[] | null {
  const fromJson = readJson(text, (value) => orderOf(numbersIn(value), count, wanted));
  if (fromJson !== null) return fromJson;
  const answer = answerOf(text.slice(0, textCharsMax));
  const bracketed = Array.from(answer.matchAll(/\[(\d{1,6})\]/g), ([, number]) => Number(number));
  if (bracketed.length > 0) return orderOf(bracketed, count, wanted);
  // Bare numbers only where there is nothing else: those in prose may mean anything.
  if (!/^[\d\s,;>.()[\]#-]+$/.test(answer)) return null;
  return orderOf(
    Array.from(answer.matchAll(/\d{1,6}/g), ([number]) => Number(number)),
    count,
    wanted,
  );
}

/** The numbers of a list, or of the first list of an object; objects in it stand for the first number that they have. */
function numbersIn(value: unknown): number[] | null {
  if (Array.isArray(value)) {
    const numbers = value.map(numberIn);
    return numbers.every((number) => number !== null) ? numbers : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const list of Object.values(value)) {
    const numbers = Array.isArray(list) ? numbersIn(list) : null;
    if (numbers !== null) return numbers;
  }
  return null;
}

function numberIn(value: unknown): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  if (typeof value === 'string') {
    const [, digits] = /^\s*\[?#?(\d{1,6})\]?\s*$/.exec(value) ?? [];
    return digits === undefined ? null : Number(digits);
  }
  if (typeof value !== 'object' || value === null) return null;
  const { id, index, number, rank_id: rankId } = value as Record<string, unknown>;
  for (const one of [id, index, number, rankId])
    if (typeof one === 'number' || typeof one === 'string') return numberIn(one);
  return null;
}

function orderOf(numbers: readonly number[] | null, count: number, wanted: number): number[] | null {
  if (numbers === null || numbers.some((number) => number < 1 || number > count)) return null;
  const order = [...new Set(numbers.map((number) => number - 1))];
  return order.length >= Math.max(1, Math.ceil(Math.min(wanted, count) / 2)) ? order : null;
}
