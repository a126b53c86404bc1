/** The stem of a folded word (see `foldWord`), by its script: without the endings of English, Russian or Arabic words. */
export function stem(word: string): string {
  if (/^[a-z]+$/.test(word)) return stemLatin(word);
  if (/^[\u0430-\u045f]+$/.test(word)) return stemCyrillic(word);
  if (/^[\u0621-\u064a]+$/.test(word)) return stemArabic(word);
  return word;
}

/**
 * The stem of a lower-case English word: plural, past and progressive endings removed, as step 1 of Porter's
 * algorithm (M. F. Porter, "An algorithm for suffix stripping", 1980). Its later steps join words that code keeps apart
 * (`operate`, `operator`, `operation`), so they are left out.
 */
function stemLatin(word: string): string {
  if (word.length <= 3) return word;
  let result = word;
  if (result.endsWith('sses')) result = result.slice(0, -2);
  else if (result.endsWith('ies')) result = result.length > 4 ? `${result.slice(0, -3)}y` : result.slice(0, -1);
  else if (result.endsWith('s') && !result.endsWith('ss') && !result.endsWith('us') && !result.endsWith('is')) {
    result = /(?:x|ch|sh|z|ss)es$/.test(result) ? result.slice(0, -2) : result.slice(0, -1);
  }
  if (result.endsWith('eed')) return result;
  const bare = result.endsWith('ing') ? result.slice(0, -3) : result.endsWith('ed') ? result.slice(0, -2) : '';
  if (bare.length < 3 || !/[aeiouy]/.test(bare)) return dropFinalE(result);
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(bare)) return bare.slice(0, -1);
  return dropFinalE(bare);
}

/** `cache` and `caching` share `cach`. */
function dropFinalE(word: string): string {
  return word.length > 4 && word.endsWith('e') && !word.endsWith('ee') ? word.slice(0, -1) : word;
}

/** Endings of cases and numbers by how long a word must be to lose them, longest first; `й` and `ё` are folded to `и` and `е`. */
const cyrillicEndings: readonly (readonly [lengthMin: number, endings: RegExp])[] = [
  [7, /(?:иями|оями)$/],
  [6, /(?:иям|иях|оях|ями|оям|ами|его|ему|ери|ими|ого|ому|ыми|оев)$/],
  [5, /(?:ая|яя|ях|юю|ах|ею|их|ия|ию|ьв|ою|ую|ям|ых|ея|ам|ем|еи|ев|ии|им|ое|ои|ом|ов|ые|ыи|ым|ми|ью)$/],
  [4, /[аеиоуыяьюіє]$/],
];

/**
 * Removes the endings of nouns and adjectives as the light stemmer for Russian does (L. Dolamic and J. Savoy, "Indexing and
 * searching strategies for the Russian language", 2009). Other languages in Cyrillic lose the endings that they share.
 */
function stemCyrillic(word: string): string {
  const found = cyrillicEndings.find(([lengthMin, endings]) => word.length >= lengthMin && endings.test(word));
  const bare = found === undefined ? word : word.replace(found[1], '');
  if (bare.length <= 3) return bare;
  return bare.replace(/(?:[ьи]|(?<=н)н)$/, '');
}

/** Removes the article, with what is written before it, and common endings (L. Larkey and others, "Light10", 2002). */
function stemArabic(word: string): string {
  const bare = word.replace(/^(?:و?ال|[بكف]ال|لل)(?=.{2})/u, '').replace(/^و(?=.{3})/u, '');
  return bare.length <= 3 ? bare : bare.replace(/(?<=..)(?:ها|ان|ات|ون|ين|يه|ه|ي)$/u, '');
}
