import type { Origin } from '../session/scope.js';
import type { HitLabels } from '../types.js';

/** Where a file is, as answers tell it: its path in its root, and which root that is where several are searched. */
export const placeOf = ({ labels, path }: Origin): HitLabels & { readonly path: string } => ({ ...labels, path });
