/**
 * Which grams a text must have for a pattern to match in it: a necessary condition, never a sufficient one.
 * A gram is three consecutive bytes of a line's UTF-8 with ASCII letters lower-cased, packed big-endian into
 * 24 bits; it never contains `\n`.
 */
export type GramPlan =
  /** No condition: every text must be looked at. */
  | { readonly kind: 'all' }
  /** No text can match. */
  | { readonly kind: 'none' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly GramPlan[] }
  | { readonly kind: 'gram'; readonly gram: number };

export const allPlan: GramPlan = { kind: 'all' };
export const nonePlan: GramPlan = { kind: 'none' };

/** Parts of an `and` beyond which more conditions only cost. */
const andPartsMax = 32;
/** Alternatives of an `or` beyond which it is cheaper to have no condition. */
const orPartsMax = 48;

/** The plan that all of `parts` must hold. */
export function andPlans(parts: readonly GramPlan[]): GramPlan {
  const flat = flatten('and', parts);
  if (flat.some((part) => part.kind === 'none')) return nonePlan;
  const kept = absorb(
    flat.filter((part) => part.kind !== 'all'),
    'or',
  );
  return wrap('and', sample(kept, andPartsMax), allPlan);
}

/** The plan that one of `parts` must hold. */
export function orPlans(parts: readonly GramPlan[]): GramPlan {
  const flat = flatten('or', parts);
  if (flat.some((part) => part.kind === 'all')) return allPlan;
  const kept = absorb(
    flat.filter((part) => part.kind !== 'none'),
    'and',
  );
  if (kept.length < 2) return wrap('or', kept, nonePlan);
  const common = kept.map(conditionsOf).reduce((shared, keys) => new Map([...shared].filter(([key]) => keys.has(key))));
  if (common.size > 0) {
    // (a and b) or (a and c) = a and (b or c): the executor orders what is in an `and` by rarity.
    const rest = kept.map((part) =>
      andPlans([...conditionsOf(part)].filter(([key]) => !common.has(key)).map(([, plan]) => plan)),
    );
    return andPlans([...common.values(), orPlans(rest)]);
  }
  return kept.length > orPartsMax ? allPlan : wrap('or', kept, nonePlan);
}

/** The plan of texts that contain these bytes (one character of `bytes` being one byte, lower-cased). */
export function planOfBytes(bytes: string): GramPlan {
  const grams: GramPlan[] = [];
  for (let i = 0; i + 3 <= bytes.length; i++) {
    grams.push({
      kind: 'gram',
      gram: (bytes.charCodeAt(i) << 16) | (bytes.charCodeAt(i + 1) << 8) | bytes.charCodeAt(i + 2),
    });
  }
  return andPlans(grams);
}

function flatten(kind: 'and' | 'or', parts: readonly GramPlan[]): GramPlan[] {
  return parts.flatMap((part) => (part.kind === kind ? [...part.parts] : [part]));
}

/** Drops duplicates, and parts that say nothing beside a simpler one: g and (g or h) = g; g or (g and h) = g. */
function absorb(parts: readonly GramPlan[], compound: 'and' | 'or'): GramPlan[] {
  const unique = new Map(parts.map((part) => [keyOf(part), part]));
  return [...unique.values()].filter(
    (part) => part.kind !== compound || !('parts' in part) || !part.parts.some((inner) => unique.has(keyOf(inner))),
  );
}

/** What a plan requires at its top level, by key. */
function conditionsOf(plan: GramPlan): Map<string, GramPlan> {
  return new Map((plan.kind === 'and' ? plan.parts : [plan]).map((part) => [keyOf(part), part]));
}

function wrap(kind: 'and' | 'or', parts: readonly GramPlan[], empty: GramPlan): GramPlan {
  if (parts.length === 0) return empty;
  return parts.length === 1 ? parts[0]! : { kind, parts };
}

/** At most `limit` parts, spread evenly: neighbouring grams of a long literal say nearly the same. */
function sample(parts: readonly GramPlan[], limit: number): readonly GramPlan[] {
  if (parts.length <= limit) return parts;
  return Array.from({ length: limit }, (_, i) => parts[Math.floor((i * parts.length) / limit)]!);
}

const keys = new WeakMap<GramPlan, string>();

function keyOf(plan: GramPlan): string {
  if (plan.kind === 'gram') return plan.gram.toString(36);
  let key = keys.get(plan);
  if (key === undefined) {
    key = 'parts' in plan ? `(${plan.kind} ${plan.parts.map(keyOf).sort().join(' ')})` : plan.kind;
    keys.set(plan, key);
  }
  return key;
}
