/**
 * The stem of a lower-case English word: plural, past and progressive endings removed, as step 1 of Porter's
 * algorithm (M. F. Porter, "An algorithm for suffix stripping", 1980). Its later steps join words that code keeps apart
 * (`operate`, `operator`, `operation`), so they are left out.
 */
export function stem(word: string): string {
  if (word.length <= 3 || !/^[a-z]+$/.test(word)) return word;
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
