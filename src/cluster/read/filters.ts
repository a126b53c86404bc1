import type { GramPlan } from '../../pattern/index.js';
import type { SearchCluster } from '../../remote/index.js';
import { gramWord } from '../layout.js';
import { encodeRoaring } from '../roaring.js';

/** A condition as the cluster reads it. */
export type Filter = Readonly<Record<string, unknown>>;

/** Chunks with these numbers, which ascend. */
export function filterOfNumbers(cluster: SearchCluster, numbers: Uint32Array): Filter {
  if (cluster.address.dialect.filter === 'numbers') return { terms: { n: [...numbers] } };
  return { terms: { n: [encodeRoaring(numbers).toString('base64')], value_type: 'bitmap' } };
}

/** Chunks that a snapshot sees, by its id: its visible set is read where it lies and is not sent. */
export function filterOfSnapshot(cluster: SearchCluster, id: string): Filter {
  const index = cluster.index('snapshots');
  if (cluster.address.dialect.filter === 'numbers') return { terms: { n: { index, id, path: 'numbers' } } };
  return { terms: { n: { index, id, path: 'chunks', store: true }, value_type: 'bitmap' } };
}

/** Grams of one literal: neighbours overlap, so those between say little more. */
const gramsMax = 12;
/** A condition of a query in all; what is more is left out, which lets more chunks be candidates and none be missed. */
const clausesMax = 500;

/** A gram plan as a condition; null where it says nothing. Nothing is found by `none`. */
export function filterOfPlan(plan: GramPlan): Filter | null | 'none' {
  return new PlanFilter().of(plan);
}

class PlanFilter {
  private left = clausesMax;

  of(plan: GramPlan): Filter | null | 'none' {
    switch (plan.kind) {
      case 'all':
        return null;
      case 'none':
        return 'none';
      case 'gram':
        return this.left-- > 0 ? { term: { grams: gramWord(plan.gram) } } : null;
      case 'and': {
        const grams = plan.parts.filter((part) => part.kind === 'gram');
        const kept = [...spread(grams, gramsMax), ...plan.parts.filter((part) => part.kind !== 'gram')];
        const parts: Filter[] = [];
        for (const part of kept) {
          const own = this.of(part);
          if (own === 'none') return 'none';
          if (own !== null) parts.push(own);
        }
        return parts.length === 0 ? null : parts.length === 1 ? parts[0]! : { bool: { filter: parts } };
      }
      case 'or': {
        const parts: Filter[] = [];
        for (const part of plan.parts) {
          const own = this.of(part);
          // One that says nothing lets all pass.
          if (own === null) return null;
          if (own !== 'none') parts.push(own);
        }
        return parts.length === 0
          ? 'none'
          : parts.length === 1
            ? parts[0]!
            : { bool: { should: parts, minimum_should_match: 1 } };
      }
    }
  }
}

function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * (items.length - 1)) / (count - 1))]!);
}
