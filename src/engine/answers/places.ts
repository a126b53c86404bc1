import type { Origin } from '../session/scope.js';
import type { HitLabels } from '../types.js';

/** Where a file is, as answers tell it: its path in its root, and which root that is where several are searched. */
export type Place = HitLabels & { readonly path: string };

export const placeOf = ({ labels, path }: Origin): Place => ({ ...labels, path });

/**
 * What is told of a place. Answers have tens of thousands of these, and Node 20 takes half a microsecond for each property that follows a
 * spread in a literal.
 */
export const placed = <T extends object>(place: Place, rest: T): Place & T =>
  Object.assign(isLabelled(place) ? { ...place } : { path: place.path }, rest);

const isLabelled = ({ repo, package: name }: HitLabels): boolean => repo !== undefined || name !== undefined;
