export const aaa = `${'a'.repeat(40)}!\n`;

/** Bombs on these texts, with what the linear engine makes of them. */
export const bombs: readonly { source: string; text: string; linear: boolean; ignoreCase?: boolean }[] = [
  { source: '(a+)+$', text: aaa, linear: true },
  { source: '(a|a)*b', text: aaa, linear: true },
  { source: String.raw`^(\w+\s?)*$`, text: `${'abcd '.repeat(12)}!\n`, linear: true },
  { source: '(a?){40}b', text: aaa, linear: false },
  { source: '(a+)+$', text: aaa.replace('!', '!\r'), linear: false },
  { source: '(a+)+$', text: aaa, linear: true, ignoreCase: true },
  { source: String.raw`(a+)+\1b`, text: aaa, linear: false },
  { source: '(a+)+(?=c)', text: aaa, linear: false },
  { source: String.raw`^(\p{L}+)+$`, text: aaa, linear: true },
];
