import { connect } from 'node:net';
import { resolve } from 'node:path';
import { defaultStorePath } from '../../store/index.js';
import { descriptorOf, readDescriptor, settingsStamp, type Descriptor } from './descriptor.js';
import { placesOf } from './places.js';
import { isOlder } from '../version-order.js';

/** The store's folder as an absolute path: the one that is named, else the user's. */
export const storePathOf = (store: string | undefined): string =>
  store === undefined ? defaultStorePath() : resolve(store);

/** Where the token for HTTP is kept. */
export const tokenFileOf = (storePath: string): string => placesOf(storePath).token;

/** The daemon that says it serves a store; whether it does, its socket tells. */
export function findDaemon(storePath: string): Descriptor | null {
  return readDescriptor(descriptorOf(storePath));
}

/** The daemon that serves a store, of whatever version; null when none answers. */
export async function runningDaemon(storePath: string): Promise<Descriptor | null> {
  const found = findDaemon(storePath);
  return found !== null && (await answers(found.socket)) ? found : null;
}

/** Whether a daemon's answers are those of a process of this version: other settings of the store since it began are others' too. */
export const answersAlike = ({ version, settings }: Descriptor, own: string, storePath: string): boolean =>
  version === own && settings === settingsStamp(storePath);

/** Whether a daemon is to make room: for one of this newer version, or with the settings as they are now. */
export const isOutdated = ({ version, settings }: Descriptor, own: string, storePath: string): boolean =>
  isOlder(version, own) || (version === own && settings !== settingsStamp(storePath));

/** Whether somebody accepts connections there. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const settle = (result: boolean) => (): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', settle(true)).on('error', settle(false));
  });
}
