import type { Origin } from '../session/scope.js';
import type { HitLabels } from '../types.js';

/** Where a file is, as answers tell it: its path in its root, and which root that is where several are searched. */
export type Place = HitLabels & { readonly path: string };

export function placeOf({ labels, path }: Origin): Place {
  return labels.repo === undefined ? { path } : { ...labels, path };
}

/**
 * What is told of a place. Answers have tens of thousands of these, and Node 20 takes half a microsecond for each property that follows a
 * spread in a literal.
 */
export function placed<T extends object>(place: Place, rest: T): Place & T {
  return Object.assign(place.repo === undefined ? { path: place.path } : { ...place }, rest);
}
