/** Here is a pattern, as anyone writes it: which texts can match, what matches in them, and never a way to run it without a guard. */
export { Deadline } from './deadline.js';
export type { GramPlan } from './gram-plan.js';
export { enableLinearFallback } from './guard.js';
export { compilePathspecs } from './paths/pathspec.js';
export type { NamedPathTest } from './paths/pathspec.js';
export type { PathspecMatcher } from './paths/pathspec.js';
export { compileIgnoreList, compileIgnoreRules } from './paths/ignore-rules.js';
export type { IgnoreList } from './paths/ignore-rules.js';
export { literalsRegex } from './literal-regex.js';
export { compilePathFilter } from './paths/path-filter.js';
export { compileWild } from './paths/path-glob.js';
export { compilePattern } from './pattern.js';
export type { Pattern, PatternOptions } from './pattern.js';
export type { RequiredLiterals } from './required-literals.js';
export { scanAllTexts, scanTexts } from './scan/scan-texts.js';
export type { FoundInText, ScanRequest } from './scan/scan-texts.js';
