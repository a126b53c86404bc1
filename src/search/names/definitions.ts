import { languageId } from '../../model/index.js';
import type { SymbolKind } from '../../model/index.js';
import type { Snapshot } from '../../snapshot/index.js';
import { stemsOf } from '../../text/index.js';
import { linesOf } from '../context-lines.js';
import type { FileMask } from '../file-mask.js';
import { fileFactors } from '../ranking/evidence/file-kinds.js';
import { nameOfFile } from '../ranking/evidence/path-terms.js';
import type { RankingSignals } from '../ranking/ranking-signals.js';
import { findNamed, minorKinds } from './symbol-search.js';
import type { PlacedSymbol } from './symbol-search.js';

/** Where a name is used: what is near is meant sooner. */
export interface UsePlace {
  readonly path: string;
  /** From 0; null: somewhere in the file. */
  readonly line: number | null;
}

export interface DefinitionRequest {
  /** `Scope.name`, `Scope::name` and `Scope#name` ask for the scope too; where none is in it, any of that name will do. */
  readonly name: string;
  readonly usedAt: UsePlace | null;
  readonly mask: FileMask;
  /** Null: any kind. */
  readonly kinds: ReadonlySet<string> | null;
  readonly signals: RankingSignals;
  readonly signal: AbortSignal | undefined;
}

export interface FoundDefinitions {
  /** The likeliest first. */
  readonly definitions: readonly PlacedSymbol[];
  /** Without its scope. */
  readonly name: string;
}

/** More candidates than these are not looked at closely. */
const readMax = 500;

/**
 * Definitions of exactly this name, letter case aside where there is none of the same case. First those in the scope that was asked for;
 * then what is near the place of use (in the same file, in one that it imports, in the same folder, in the same language); a definition
 * before a declaration without a body; types and functions before fields and the like; tests and vendored code last. After all of
 * these what has the name and is not what code means by it: titles of tests and headings, and imports under it.
 */
export async function findDefinitions(snapshot: Snapshot, request: DefinitionRequest): Promise<FoundDefinitions> {
  const { usedAt } = request;
  const { bare, scope, found: passing } = await findNamed(snapshot, request);
  const sameCase = passing.filter(({ symbol }) => symbol.name === bare);
  const named = sameCase.length > 0 ? sameCase : passing;
  const inScope = scope === '' ? [] : named.filter(({ symbol }) => isIn(symbol.scope.toLowerCase(), scope));
  const candidates = inScope.length > 0 ? inScope : named;
  const factors = await fileFactors(snapshot, request.signals);
  const nearness = usedAt === null ? () => 0 : nearnessTo(snapshot, usedAt, candidates);
  const keyed = candidates.map((placed, i) => {
    const { position, symbol } = placed;
    const file = snapshot.occurrenceFiles[position]!;
    const key = [
      titleKinds.has(symbol.kind) || (i < readMax && isImport(snapshot, placed)) ? 1 : 0,
      nearness(placed),
      i < readMax && isOnlyDeclared(snapshot, placed) ? 1 : 0,
      minorKinds.has(symbol.kind) ? 1 : 0,
      symbol.kind === 'constructor' ? 1 : 0,
      -factors[file]!,
      position,
      symbol.line,
    ];
    return { placed, key };
  });
  keyed.sort((a, b) => {
    for (let i = 0; i < a.key.length; i++) if (a.key[i] !== b.key[i]) return a.key[i]! - b.key[i]!;
    return 0;
  });
  return { definitions: keyed.map(({ placed }) => placed), name: bare };
}

const isIn = (own: string, scope: string): boolean => own === scope || own.endsWith(`.${scope}`);

/** What they are called is prose, which may be the name of what they are about. */
const titleKinds = new Set<SymbolKind>(['test', 'section']);

/** `const Name = require('./name')`: what is meant is there. */
function isImport(snapshot: Snapshot, { position, symbol }: PlacedSymbol): boolean {
  if (symbol.kind !== 'constant' && symbol.kind !== 'variable') return false;
  const line = linesOf(snapshot.segments.chunkText(snapshot.occurrenceDocs[position]!))[symbol.line] ?? '';
  return /=\s*(?:await\s+import|require)\s*\(\s*['"`][^'"`]*['"`]\s*\)[\s;]*$/.test(line);
}

const withBody = new Set<SymbolKind>(['function', 'method', 'constructor', 'class', 'struct', 'interface', 'enum']);
/** A declaration there ends with a semicolon, a definition with its body. */
const declaringLanguages = new Set('c cpp objc typescript tsx java csharp rust php dart solidity d'.split(' '));

/** A prototype, a forward declaration, an overload's signature, a method of an interface. */
function isOnlyDeclared(snapshot: Snapshot, { position, symbol }: PlacedSymbol): boolean {
  const { kind, line, endLine } = symbol;
  if (!withBody.has(kind) || endLine === null) return false;
  const { language } = snapshot.files[snapshot.occurrenceFiles[position]!]!.record;
  if (!declaringLanguages.has(languageId(language))) return false;
  const lines = linesOf(snapshot.segments.chunkText(snapshot.occurrenceDocs[position]!));
  const text = lines.slice(line, endLine + 1).join('\n');
  return !text.includes('{') && !text.includes('=>') && /;\s*(?:\/[/*].*)?$/.test(text);
}

const enum Near {
  Around,
  File,
  Imported,
  Folder,
  Language,
  Elsewhere,
}

function nearnessTo(
  snapshot: Snapshot,
  { path, line }: UsePlace,
  candidates: readonly PlacedSymbol[],
): (placed: PlacedSymbol) => number {
  const used = snapshot.fileAt(path);
  if (used === undefined || candidates.length < 2) return () => 0;
  const folder = folderOf(path);
  const family = familyOf(languageId(used.record.language));
  const around = line === null ? '' : scopeAround(snapshot, used, line);
  const imports = importsOf(snapshot, used);
  return ({ position, symbol }) => {
    const file = snapshot.files[snapshot.occurrenceFiles[position]!]!;
    if (file.path === path) {
      const isAround = symbol.scope === '' || around === symbol.scope || around.startsWith(`${symbol.scope}.`);
      if (isAround)
        return minorKinds.has(symbol.kind) && symbol.scope !== '' && !symbol.inner ? Near.File : Near.Around;
      return minorKinds.has(symbol.kind) || symbol.inner ? Near.Elsewhere : Near.File;
    }
    if (symbol.inner) return Near.Elsewhere;
    if (familyOf(languageId(file.record.language)) !== family) return Near.Elsewhere;
    if (imports(file.path)) return Near.Imported;
    return folderOf(file.path) === folder ? Near.Folder : Near.Language;
  };
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const families: Readonly<Record<string, string>> = {
  tsx: 'typescript',
  javascript: 'typescript',
  jsx: 'typescript',
  vue: 'typescript',
  svelte: 'typescript',
  c: 'cpp',
  objc: 'cpp',
  kotlin: 'java',
  scala: 'java',
  groovy: 'java',
};
const familyOf = (language: string): string => families[language] ?? language;

type SnapshotFile = Snapshot['files'][number];

/** Qualified name of what a line of a file is in, as far as the chunk that has the line tells; empty at top level. */
function scopeAround({ segments }: Snapshot, { record }: SnapshotFile, line: number): string {
  let first = 0;
  for (const doc of record.docs) {
    const { symbols, continues } = segments.chunkSymbols(doc);
    const count = linesOf(segments.chunkText(doc)).length;
    if (line < first + count) {
      const own = line - first;
      const around = symbols.filter(
        ({ startLine, endLine }) => startLine <= own && (endLine === null || own <= endLine),
      );
      const innermost = around.at(-1);
      if (innermost === undefined) return continues;
      return innermost.scope === '' ? innermost.name : `${innermost.scope}.${innermost.name}`;
    }
    first += count;
  }
  return '';
}

const importLine =
  /^\s*(?:import\b|from\b|export\b.*\bfrom\b|use\b|using\b|require|include|#\s*include|@import|alias\b|.*\brequire(?:_relative)?\s*\(?\s*['"]|mod\b|\}\s*from\b|open\b|"[\w./-]+"$)/;
const importLinesMax = 400;

/** What an import line says of where: the path in quotes where there is one, else all but the names in braces. */
const moduleNamed = (line: string): string =>
  /["'`<]([^"'`<>]+)["'`>]/.exec(line)?.[1] ??
  line.replace(/\{[^}]*\}?/, '').replace(/^\s*from\s+(\S+)\s+import\b.*/, '$1');

/** Whether a file is one of those that this one's import lines name: all words of the file's own name, or of its folder, are in one. */
function importsOf({ segments }: Snapshot, { record }: SnapshotFile): (path: string) => boolean {
  const imported: ReadonlySet<string>[] = [];
  for (const doc of record.docs) {
    for (const line of segments.chunkText(doc).split('\n')) {
      if (line.length > 500 || !importLine.test(line)) continue;
      imported.push(new Set(stemsOf(moduleNamed(line))));
      if (imported.length >= importLinesMax) break;
    }
  }
  const known = new Map<string, boolean>();
  return (path) => {
    let is = known.get(path);
    if (is === undefined) {
      const stems = stemsOf(nameOfFile(path));
      is = stems.length > 0 && imported.some((words) => stems.every((stem) => words.has(stem)));
      known.set(path, is);
    }
    return is;
  };
}
