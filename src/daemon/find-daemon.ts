import { resolve } from 'node:path';
import { defaultStorePath } from '../store/index.js';
import { readDescriptor, type Descriptor } from './descriptor.js';
import { placesOf } from './places.js';

/** The store's folder as an absolute path: the one that is named, else the user's. */
export const storePathOf = (store: string | undefined): string =>
  store === undefined ? defaultStorePath() : resolve(store);

/** The daemon that says it serves a store; whether it does, its socket tells. */
export function findDaemon(storePath: string): Descriptor | null {
  return readDescriptor(placesOf(storePath).descriptor);
}
