import { Publications, openStorage, readTrustedKey } from '../../remote/index.js';
import type { SharedStore } from '../shared/shared-store.js';

/** What is published at an address, as this store's settings trust it. REMOTE_INVALID, CONFIG_INVALID. */
export function openRemote({ store, settings }: SharedStore, address: string, folder?: string): Publications {
  return new Publications(openStorage(address, folder), {
    trust: settings.trust === null ? null : settings.trust.map(readTrustedKey),
    cache: {
      get: (hash) => store.remoteObjects.get(hash),
      put: (hash, bytes) => store.remoteObjects.put(hash, bytes),
    },
  });
}
