/** How a package came to be needed. */
export interface Reason {
  readonly direct: boolean;
  readonly dev: boolean;
  readonly chain: readonly string[];
}

export interface DependencyGraph {
  /** `name@version` of each package. */
  readonly labels: readonly string[];
  /** What the project itself names. */
  readonly roots: readonly { readonly node: number; readonly dev: boolean }[];
  /** What a package needs. */
  edges(node: number): readonly number[];
}

/**
 * Why each package is there, by the shortest chain: over what is needed in production where there is one. Packages that nothing reaches (left over in a
 * folder, or needed by what cannot be told) count as indirect and not of development.
 */
export function reasonsOf({ labels, roots, edges }: DependencyGraph): Reason[] {
  const parent = new Int32Array(labels.length).fill(-1);
  const state: ('unseen' | 'prod' | 'dev')[] = new Array<'unseen'>(labels.length).fill('unseen');
  const direct = new Set(roots.map(({ node }) => node));
  const walk = (dev: boolean): void => {
    const queue: number[] = [];
    for (const root of roots) {
      if (root.dev !== dev || state[root.node] !== 'unseen') continue;
      state[root.node] = dev ? 'dev' : 'prod';
      queue.push(root.node);
    }
    for (let at = 0; at < queue.length; at++) {
      for (const next of edges(queue[at]!)) {
        if (state[next] !== 'unseen') continue;
        state[next] = dev ? 'dev' : 'prod';
        parent[next] = queue[at]!;
        queue.push(next);
      }
    }
  };
  walk(false);
  walk(true);
  const chains: (readonly string[] | undefined)[] = [];
  const chainOf = (node: number): readonly string[] => {
    const known = chains[node];
    if (known !== undefined) return known;
    const above: number[] = [];
    for (let at = parent[node]!; at >= 0 && !direct.has(node); at = parent[at]!) {
      above.push(at);
      if (direct.has(at)) break;
    }
    return (chains[node] = above.reverse().map((at) => labels[at]!));
  };
  return labels.map((_, node) => ({ direct: direct.has(node), dev: state[node] === 'dev', chain: chainOf(node) }));
}
