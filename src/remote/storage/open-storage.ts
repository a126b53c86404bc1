import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CoppiceError } from '../../base/index.js';
import { ClusterStorage } from './cluster-storage.js';
import { FileStorage } from './file-storage.js';
import { HttpStorage } from './http-storage.js';
import { S3Storage } from './s3-storage.js';
import { readClusterAddress } from '../search-cluster.js';
import type { RemoteStorage } from './storage.js';

/**
 * The storage at an address: `file:DIR` or a path, `s3://BUCKET/PREFIX`, `https://HOST/PATH`, `opensearch://HOST:PORT/PREFIX`. Relative paths count from `folder`.
 * REMOTE_INVALID for any other; nothing is asked of it yet.
 */
export function openStorage(address: string, folder = process.cwd()): RemoteStorage {
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(address) ?? [];
  if (scheme === undefined) {
    if (address === '' || address.includes('\0')) throw unknownAddress(address);
    return new FileStorage(resolve(folder, address));
  }
  switch (scheme.toLowerCase()) {
    case 'file': {
      const rest = address.slice('file:'.length);
      if (rest === '') throw unknownAddress(address);
      if (rest.startsWith('//')) return new FileStorage(localPath(address));
      return new FileStorage(isAbsolute(rest) ? resolve(rest) : resolve(folder, rest));
    }
    case 's3': {
      const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*))?$/i.exec(address) ?? [];
      if (bucket === undefined) throw unknownAddress(address);
      return new S3Storage(bucket, prefix.replace(/^\/+|\/+$/g, ''));
    }
    case 'http':
    case 'https':
      try {
        return new HttpStorage(new URL(address));
      } catch {
        throw unknownAddress(address);
      }
    case 'opensearch':
    case 'opensearchs':
    case 'elasticsearch':
    case 'elasticsearchs':
      return new ClusterStorage(readClusterAddress(address));
    default:
      throw unknownAddress(address);
  }
}

function localPath(address: string): string {
  try {
    return fileURLToPath(address);
  } catch {
    throw unknownAddress(address);
  }
}

/** An address for people to see: who asks, and with what password, is not told. */
const withoutUser = (address: string): string => address.replace(/\/\/[^/]*@/, '//***@');

const unknownAddress = (address: string): CoppiceError =>
  new CoppiceError('REMOTE_INVALID', `'${withoutUser(address).slice(0, 200)}' is no address of a remote`, {
    hint: 'give file:DIR, s3://BUCKET/PREFIX, opensearch://HOST:PORT/PREFIX or https://HOST/PATH (read only)',
  });
