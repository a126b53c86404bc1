import { readDescriptor, type Descriptor } from './descriptor.js';
import { placesOf } from './places.js';

/** The daemon that says it serves a store; whether it does, its socket tells. */
export function findDaemon(storePath: string): Descriptor | null {
  return readDescriptor(placesOf(storePath).descriptor);
}
