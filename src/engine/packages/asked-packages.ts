import type { DependencyFilter } from '../types.js';

/** What of a question tells in which packages it is to be answered. */
export interface AskedPackages extends DependencyFilter {
  /** With its filters `dep:`. */
  readonly query?: string;
  /** Both revs of a range, which are compared. */
  readonly range?: { readonly from: string; readonly to: string };
}

/** Whether it asks about packages at all. */
export const asksForPackages = ({ deps, withDeps, query }: AskedPackages): boolean =>
  deps !== undefined || withDeps === true || (query !== undefined && /\bdep:/.test(query));
