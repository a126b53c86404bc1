/**
 * Letters of scripts that put no space between words, and Hangul, whose words carry their particles: Han, kana, Bopomofo, Yi, Tangut,
 * Thai, Lao, Khmer, Myanmar, the Tai scripts, Javanese, Balinese. By range, not by property: assigned once for all, so that
 * every version of Node makes the same terms.
 */
const unsegmentedLetters = [
  '\\u0e01-\\u0e3a\\u0e40-\\u0e4e', // Thai
  '\\u0e81-\\u0ebd\\u0ec0-\\u0ece\\u0edc-\\u0edf', // Lao
  '\\u1000-\\u103f\\u1050-\\u108f\\u109a-\\u109d\\ua9e0-\\ua9ef\\uaa60-\\uaa76\\uaa7a-\\uaa7f', // Myanmar
  '\\u1780-\\u17d3\\u17d7\\u17dc\\u17dd', // Khmer
  '\\u1950-\\u1974\\u1980-\\u19c9\\u1a20-\\u1a7c\\uaa80-\\uaadd', // Tai Le, New Tai Lue, Tai Tham, Tai Viet
  '\\u1b00-\\u1b4c\\ua980-\\ua9c0', // Balinese, Javanese
  '\\u1100-\\u11ff\\u3131-\\u318e\\ua960-\\ua97c\\uac00-\\ud7a3\\ud7b0-\\ud7fb\\uffa1-\\uffdc', // Hangul
  '\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u303b\\u303c', // marks and numbers among Han
  '\\u3041-\\u3096\\u3099\\u309a\\u309d-\\u309f\\u30a1-\\u30fa\\u30fc-\\u30ff\\u31f0-\\u31ff\\uff66-\\uff9f', // kana
  '\\u3105-\\u312f\\u31a0-\\u31bf\\ua000-\\ua48c', // Bopomofo, Yi
  '\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufad9', // Han
  '\\u{17000}-\\u{18dff}\\u{1aff0}-\\u{1b2ff}\\u{20000}-\\u{3fffd}', // Tangut, more kana, more Han
].join('');

const startsUnsegmented = new RegExp(`^[${unsegmentedLetters}]`, 'u');

/** Whether a piece of text that `splitIdentifier` gave is a run of letters of such a script. */
export const isUnsegmented = (piece: string): boolean => startsUnsegmented.test(piece);

/** The words of an identifier that is not ASCII: runs of such letters, words by letter case, numbers. */
export const wideWord = new RegExp(
  `[${unsegmentedLetters}]+|\\p{Lu}+(?![\\p{Ll}\\p{M}])|\\p{Lu}?(?:(?![${unsegmentedLetters}])[\\p{Ll}\\p{Lo}\\p{Lm}\\p{M}])+|\\p{Nd}+`,
  'gu',
);

/** Overlapping pairs of the characters of a run of unsegmented letters; of one character alone itself. */
export function pairsOf(run: string): string[] {
  const characters = [...run];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, i) => characters[i]! + character);
}

/** Accents of Latin, Greek and Cyrillic; points and vowel signs of Hebrew and Arabic, with the Arabic filler. */
const accents = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670]/g;

/** Letters that have no decomposition, but are typed as others. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ς: 'σ',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
};
const oddLetters = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'g');

/**
 * A word as it is compared: lower case, without accents, compatibility forms (full and half width, ligatures) as what they
 * stand for. For terms alone: exact search compares bytes.
 */
export const foldWord = (word: string): string =>
  /^[\x20-\x7e]*$/.test(word)
    ? word.toLowerCase()
    : word
        .normalize('NFKD')
        .replace(accents, '')
        .normalize('NFC')
        .toLowerCase()
        .replace(oddLetters, (letter) => plainLetters[letter]!);
