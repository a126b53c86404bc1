import { throwIfAborted } from '../base/index.js';
import type { CallOptions, Engine, FileChanges } from '../engine/index.js';
import type { GoldenEntry, GoldenTarget } from './golden-set.js';
import { SeededRandom } from './seeded-random.js';

export interface HistoryOptions extends CallOptions {
  /** Whose history. */
  readonly rev: string;
  /** Questions, at most. */
  readonly count: number;
  /** Another one samples others; the same one the same. */
  readonly seed: number;
}

/** Looked through for questions: old commits are another project. */
const commitsMax = 4000;
const codeFilesMax = 3;
const filesMax = 12;
const wordsMin = 4;
const wordsMax = 16;
/** Further places of a change are beside the point. */
const placesMax = 3;
/** Lines between two changes that belong together. */
const nearLines = 20;

/** What is done to a repository, and not what its code does. */
const saysNothing =
  /\b(?:revert\w*|releas\w*|typos?|bump\w*|changelog|versions?|merg\w+|backport\w*|prettier|lint\w*|eslint|rubocop|clippy|copyright|licen[cs]es?|whitespace|spelling|grammar|upgrad\w*|wip|fixup|squash|format\w*|reformat\w*|clean ?-?up|cleaning|cleanup|refactor\w*|renam\w+|mov(?:e|es|ed|ing)|reorgani[sz]\w*|tidy|nits?|review|comments?|docs?|documentation|readme|docstrings?|javadocs?|kdoc|phpdoc|jsdoc|tests?|testing|spec|specs|benchmarks?|ci|travis|github|actions?|workflows?|deps|dependenc\w+|packages?|todo|fixme|imports?|unused|dead code|misc|minor|various|small|tweaks?|simplif\w+|warnings?|deprecat\w+|compil\w+|build|makefile|cmake|gradle|style|styling|polish|again|follow-?up|part \d|first|initial|draft|experimental|temporar\w+|co-authored|pr|lgtm|cherry|regression|flaky|snapshot|chore|typings?|types|annotations?|constify|document\w*|mention\w*|sphinx|dokka|tabs?|forgot\w*|hack\w*|windows\.h|by value|explicit\w*|markdown|wording|w\d{3}|overloads?|plugin name|parameter names?|signature|super|clever|careful|unittests?|testcases?|casts?|setup\.py|superfluous|redundant|unnecessary|needless|prep|help\.h|rm|const|inline|static analysis|coverity|codeql|sonar|phpstan|psalm|mypy|flake8|black|gofmt|rustfmt|php ?\d|python ?\d|node ?\d|ruby ?\d|java ?\d+|jdk ?\d+|scala ?\d|c\+\+\d*|gcc|clang|msvc|sync\w*|example\w*)\b/i;
/** A verb that says what was done; what is left is what it was done to. */
const verb =
  /^(?:(?:also|now|properly|correctly|always|never|only|just|actually|finally)\s+)*(?:add(?:s|ed|ing)?|fix(?:e[sd]|ing)?|implement(?:s|ed|ing)?|support(?:s|ed|ing)?|allow(?:s|ed|ing)?|mak(?:e|es|ing)|made|us(?:e|es|ed|ing)|handl(?:e|es|ed|ing)|ensur(?:e|es|ed|ing)|prevent(?:s|ed|ing)?|avoid(?:s|ed|ing)?|improv(?:e|es|ed|ing)|introduc(?:e|es|ed|ing)|enabl(?:e|es|ed|ing)|disabl(?:e|es|ed|ing)|remov(?:e|es|ed|ing)|drop(?:s|ped|ping)?|don'?t|do not|correct(?:s|ed|ing)?|chang(?:e|es|ed|ing)|updat(?:e|es|ed|ing)|provid(?:e|es|ed|ing)|expos(?:e|es|ed|ing)|check(?:s|ed|ing)?|set(?:s|ting)?|return(?:s|ed|ing)?|optimi[sz](?:e|es|ed|ing)|reduc(?:e|es|ed|ing)|restor(?:e|es|ed|ing)|replac(?:e|es|ed|ing)|switch(?:es|ed|ing)?|tak(?:e|es)|let|stop(?:s|ped|ping)?|try|keep(?:s|ing)?|show(?:s|ing)?|pass(?:es|ed|ing)?|respect(?:s|ed|ing)?|include(?:s|d)?|extend(?:s|ed|ing)?|adjust(?:s|ed|ing)?|rework(?:s|ed|ing)?)\b/i;
const testPath =
  /(?:^|\/)(?:tests?|__tests__|specs?|testing|testdata|fixtures?|e2e|mocks?|bench(?:marks?)?|examples?|docs?|vendor|third_party|node_modules)\/|(?:^|\/)test_[^/]*$|[._-](?:test|tests|spec|bench)\.[^/]+$|(?:Test|Tests|Spec|Specs|IT)\.[a-z]+$|\.bats$|(?:^|\/)(?:setup|conf|conftest|make-release)\.py$|(?:^|\/)(?:scripts?|packaging|tools|generated|dist|caddytest|testserver|compat|contrib\/examples)\//;
const codePath =
  /\.(?:[cm]?[jt]sx?|vue|svelte|py|pyx|rb|go|rs|java|kts?|scala|c|h|cc|cpp|cxx|hpp|hh|cs|php|lua|sh|bash|zsh|exs?|hs|swift|mm?|pl|pm|dart|zig|el|vim|clj|ml|erl|r|jl|groovy|sql)$/;

/** Commit subjects as questions, asked at the parent, and what the commits changed as answers: the same ones for a seed. */
export async function questionsFromHistory(
  engine: Pick<Engine, 'changes' | 'changedLines'>,
  { rev, count, seed, ...call }: HistoryOptions,
): Promise<GoldenEntry[]> {
  const candidates: { readonly query: string; readonly changes: FileChanges; readonly paths: readonly string[] }[] = [];
  const asked = new Set<string>();
  for await (const changes of engine.changes(rev, { ...call, maxCount: commitsMax })) {
    const query = askedBy(changes.subject);
    const paths = answersOf(changes);
    if (query === null || paths === null || asked.has(query.toLowerCase())) continue;
    asked.add(query.toLowerCase());
    candidates.push({ query, changes, paths });
  }
  const entries: GoldenEntry[] = [];
  for (const { query, changes, paths } of new SeededRandom(seed).shuffled(candidates)) {
    if (entries.length === count) break;
    throwIfAborted(call.signal);
    const relevant: GoldenTarget[] = [];
    for (const path of paths) {
      const lines = await engine.changedLines(changes.parent, changes.commit, path, call);
      relevant.push(...placesOf(lines).map(({ start, end }) => ({ path, startLine: start, endLine: end })));
    }
    if (relevant.length === 0) continue;
    entries.push({ query, category: 'history', rev: changes.parent, commit: changes.commit, relevant });
  }
  return entries;
}

/** The code files that a commit changed, where those are its matter; null where it has too many, or none that was there before. */
function answersOf({ files }: FileChanges): string[] | null {
  if (files.length > filesMax) return null;
  const code = files.filter(({ path }) => codePath.test(path) && !testPath.test(path));
  const paths = code.filter(({ change }) => change === 'modified').map(({ path }) => path);
  return code.length > codeFilesMax || paths.length === 0 || paths.length < code.length ? null : paths;
}

/** A subject as a question, without what names its commit rather than its matter: prefixes, numbers of issues, names of files; null for one that is none. */
export function askedBy(subject: string): string | null {
  if (saysNothing.test(subject) || /[…]|\.\.\.$|^\W*$/.test(subject)) return null;
  const text = subject
    .replace(/^\s*(?:\[[^\]]*\]\s*)+/, '')
    .replace(
      /^(?:fix|feat|perf|bug|bugfix|hotfix|feature|enhancement)(?:\(([^)]*)\))?!?:\s*/i,
      (_, scope: string | undefined) => (scope === undefined ? '' : `${scope} `),
    )
    .replace(
      /^([\w./-]+)(?:\([^)]*\))?!?:\s+/,
      (_, scope: string) =>
        `${scope
          .split('/')
          .pop()!
          .replace(/\.\w+$/, '')} `,
    )
    .replace(
      /\(?(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|see|refs?|gh|issue|pull request)?[\s:-]*(?:#|gh-)\d+\)?/gi,
      ' ',
    )
    .replace(/\((?:[^()]*)\)\s*$/, ' ')
    .replace(/\S*\/\S*\.\w+/g, ' ')
    .replace(/["()/`:;]|(?<=^|\s)-+/g, ' ')
    .replace(/\bor\b/gi, ' ')
    .replace(/[.!]+\s*$/, '')
    .replace(/^[^\p{L}\p{N}_$<[]+/u, '')
    .replace(/\s+/g, ' ')
    .trim();
  const matter = text.replace(verb, '').trim();
  const words = matter.split(' ').filter((word) => /\p{L}{3}/u.test(word));
  const all = text.split(' ').length;
  if (words.length < wordsMin - 1 || all < wordsMin || all > wordsMax) return null;
  // What is all names, numbers or a person's note is nothing that anybody asks.
  if (
    /\b(?:I|we|my|our|thanks|oops|should|hopefully|really|stuff|things?|some|bugs?|issues?|problems?|errors? in|mistakes?)\b/i.test(
      matter,
    ) &&
    words.length < 6
  )
    return null;
  return text;
}

/** Ranges that are near each other as one, the largest first. */
function placesOf(
  lines: readonly { readonly start: number; readonly end: number }[],
): { start: number; end: number; changed: number }[] {
  const places: { start: number; end: number; changed: number }[] = [];
  for (const { start, end } of lines) {
    const last = places.at(-1);
    if (last !== undefined && start - last.end <= nearLines) {
      last.end = Math.max(last.end, end);
      last.changed += end - start + 1;
    } else places.push({ start, end, changed: end - start + 1 });
  }
  return places.sort((a, b) => b.changed - a.changed || a.start - b.start).slice(0, placesMax);
}
