import { MarkupKind } from 'vscode-languageserver/node';
import type { Hover, Location, Position } from 'vscode-languageserver/node';
import { decodeBytes } from '../../base/index.js';
import type { CallOptions, DefinitionHit, Engine, ReferenceGroup } from '../../engine/index.js';
import { rangeOf, rangeOfName } from '../documents/ranges.js';
import type { WorkspaceRepository } from '../workspace/workspace-repository.js';

/** Where a client's cursor is. */
export interface Cursor {
  readonly repository: WorkspaceRepository;
  readonly path: string;
  readonly position: Position;
}

const definitionsMax = 50;
const referencesMax = 10_000;

/** A name under the cursor. */
interface NamedPlace {
  readonly name: string;
  /** With what it is said to be in, as in `Session.open` and `fs::read`. */
  readonly qualified: string;
  /** From 0. */
  readonly start: number;
}

/** Where the name under the cursor is defined: one place where that is all there is, else the likeliest first. */
export function definitionsAt(cursor: Cursor, options: CallOptions): Promise<Location[]> {
  return atName(cursor, options, [], async (engine, rev, place) => {
    const { definitions } = await findDefinitions(engine, rev, cursor, place, options);
    return definitions.map((hit) => locationOf(cursor.repository, hit));
  });
}

export function referencesAt(cursor: Cursor, includeDefinitions: boolean, options: CallOptions): Promise<Location[]> {
  return atName(cursor, options, [], async (engine, rev, { name }) => {
    const { groups } = await engine.references(name, { ...options, rev, limit: referencesMax });
    return groups.flatMap(({ path, references }) =>
      references
        .filter(({ isDefinition }) => includeDefinitions || isDefinition !== true)
        .map(({ line, column, length }) => ({
          uri: cursor.repository.uriOf(path),
          range: rangeOf(line, column, length),
        })),
    );
  });
}

/**
 * What implements the name under the cursor: types whose declaration names it, as a base, an interface or a trait; of a method also the
 * methods of that name elsewhere. By name, as all is; where there is none, the definitions.
 */
export function implementationsAt(cursor: Cursor, options: CallOptions): Promise<Location[]> {
  return atName(cursor, options, [], async (engine, rev, place) => {
    const { definitions } = await findDefinitions(engine, rev, cursor, place, options);
    const { groups } = await engine.references(place.name, { ...options, rev, limit: referencesMax });
    const types = groups.filter((group) => declares(group, place.name));
    const first = definitions[0];
    const methods =
      first?.kind === 'method'
        ? definitions.filter(
            ({ kind, scope, endLine, startLine }) => kind === 'method' && scope !== first.scope && endLine > startLine,
          )
        : [];
    const found = [
      ...types.map(({ path, references }) => {
        const { line, column, length } = references[0]!;
        return { uri: cursor.repository.uriOf(path), range: rangeOf(line, column, length) };
      }),
      ...methods.map((hit) => locationOf(cursor.repository, hit)),
    ];
    return found.length > 0 ? found : definitions.map((hit) => locationOf(cursor.repository, hit));
  });
}

const typeKinds: ReadonlySet<string> = new Set([
  'class',
  'struct',
  'interface',
  'trait',
  'enum',
  'type',
  'impl',
  'module',
]);

/** The declaration of a type that these references are in names it; what is in the type's body does not count. */
function declares({ kind, symbol, signature, startLine, references }: ReferenceGroup, name: string): boolean {
  if (!typeKinds.has(kind) || (kind !== 'impl' && symbol.split('.').at(-1) === name)) return false;
  const lines = signature.split(' ').length;
  return signature.split(/[^\p{L}\p{N}_$]+/u).includes(name) && references[0]!.line <= startLine + lines;
}

/** Signature, documentation and place of what the name under the cursor names. */
export function hoverAt(cursor: Cursor, options: CallOptions): Promise<Hover | null> {
  return atName(cursor, options, null, async (engine, rev, place) => {
    const { definitions, total } = await findDefinitions(engine, rev, cursor, place, options);
    const first = definitions[0];
    if (first === undefined) return null;
    const { signature, doc, scope, kind, path, line, language } = first;
    const where = `${kind}${scope === '' ? '' : ` in \`${scope}\``} · ${path}:${line}`;
    const others = total === 1 ? '' : `, and ${total - 1} more of that name`;
    const fence = '`'.repeat(Math.max(3, ...[...signature.matchAll(/`+/g)].map(([run]) => run.length + 1)));
    const parts = [`${fence}${language}\n${signature}\n${fence}`, ...(doc === '' ? [] : [doc]), `${where}${others}`];
    return {
      contents: { kind: MarkupKind.Markdown, value: parts.join('\n\n') },
      range: rangeOf(cursor.position.line + 1, place.start + 1, place.name.length),
    };
  });
}

function findDefinitions(
  engine: Engine,
  rev: string,
  { path, position }: Cursor,
  { qualified }: NamedPlace,
  options: CallOptions,
): ReturnType<Engine['definition']> {
  const usedOnLine = position.line + 1;
  return engine.definition(qualified, { ...options, rev, usedIn: path, usedOnLine, limit: definitionsMax });
}

const locationOf = (repository: WorkspaceRepository, { path, line, text, name }: DefinitionHit): Location => ({
  uri: repository.uriOf(path),
  range: rangeOfName(line, text, name),
});

/** Runs with the name under the cursor; answers `otherwise` where there is none. */
function atName<T>(
  { repository, path, position }: Cursor,
  options: CallOptions,
  otherwise: T,
  run: (engine: Engine, rev: string, place: NamedPlace) => Promise<T>,
): Promise<T> {
  return repository.ask(undefined, options, async (engine, rev) => {
    const number = position.line + 1;
    const { content } = await engine.show(rev, path, { start: number, end: number }, options);
    const place = nameAt(decodeBytes(content), position.character);
    return place === null ? otherwise : run(engine, rev, place);
  });
}

const word = /[\p{L}\p{N}_$]+[?!]?/gu;

/** The name at a place of a line, from 0; the one that ends there too. */
export function nameAt(line: string, character: number): NamedPlace | null {
  for (const { 0: found, index } of line.matchAll(word)) {
    if (index > character || character > index + found.length) continue;
    // `a!==b` and `x?.y` have no name with a mark.
    const name = /[=.]/.test(line[index + found.length] ?? '') ? found.replace(/[?!]$/, '') : found;
    if (/^\d/.test(name) || name === '') return null;
    // What stands before a dot is mostly a value; with a capital or before `::` it is a type or a module.
    const before = /([\p{Lu}][\p{L}\p{N}_]*)\.$|([\p{L}_][\p{L}\p{N}_]*)::$/u.exec(line.slice(0, index));
    const scope = before?.[1] ?? before?.[2];
    return { name, qualified: scope === undefined ? name : `${scope}.${name}`, start: index };
  }
  return null;
}
