import type { DependencyGraph } from '../graph.js';

/** A folder that says what it needs: a package at its place, or a member of the project. */
export interface PlacedNode {
  readonly place: string;
  readonly name: string;
  readonly version: string;
  /** Names of packages that it needs, whether or not they are there. */
  readonly needs: readonly string[];
}

export interface Importer {
  /** Its folder, from the root. */
  readonly place: string;
  readonly prod: readonly string[];
  readonly dev: readonly string[];
}

/** The graph of packages that lie where Node looks for them. `links`: places that lead to others. */
export function placedGraph(
  nodes: readonly PlacedNode[],
  importers: readonly Importer[],
  links: ReadonlyMap<string, string>,
): DependencyGraph {
  const byPlace = new Map(nodes.map(({ place }, i) => [place, i]));
  const resolve = (from: string, name: string): number => {
    for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
      if (!folder.endsWith('/node_modules') && folder !== 'node_modules') {
        const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
        const found = byPlace.get(place) ?? byPlace.get(links.get(place) ?? '');
        if (found !== undefined) return found;
        if (links.has(place)) return -1; // a member of the project
      }
      if (folder === '') return -1;
    }
  };
  const all = (from: string, names: readonly string[]): number[] =>
    names.map((name) => resolve(from, name)).filter((node) => node >= 0);
  return {
    labels: nodes.map(({ name, version }) => `${name}@${version}`),
    roots: importers.flatMap(({ place, prod, dev }) => [
      ...all(place, prod).map((node) => ({ node, dev: false })),
      ...all(place, dev).map((node) => ({ node, dev: true })),
    ]),
    edges: (node) => all(nodes[node]!.place, nodes[node]!.needs),
  };
}
