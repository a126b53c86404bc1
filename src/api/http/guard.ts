import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CoppiceError } from '../../base/index.js';
import type { Audit, Visitor } from '../visitors.js';

/**
 * Who may come in over TCP. Everybody on this machine can connect to loopback, and so can any page in the user's browser,
 * under any name that resolves there: hence the token, and hence the checks of Host (DNS rebinding) and Origin (cross-site
 * requests) even before it.
 */
export interface TcpAccess {
  readonly token: string;
  readonly port: number;
  /** Who may come in instead of who has the token, from anywhere. */
  readonly users?: Users;
}

/** The users of a server, as of now. */
export interface Users {
  find(token: string): Visitor | null;
  /** One line for each request. */
  audit(line: AuditLine): void;
}

export interface AuditLine extends Readonly<Audit> {
  /** The operation, or another path that is known. */
  readonly what: string;
  /** `ok` or the code of an error. */
  readonly outcome: string;
  readonly tookMs: number;
}

const hostNames = ['127.0.0.1', 'localhost', '[::1]'];

/** FORBIDDEN unless the request is addressed to us and comes from a page of ours or from no page. */
export function checkOrigin({ headers }: IncomingMessage, { port, users }: TcpAccess): void {
  const { host, origin } = headers;
  if (users !== undefined) {
    // The proxy in front has whatever name it has; a page of another origin has no token.
    if (origin === undefined || origin.replace(/^https?:\/\//, '').toLowerCase() === host?.toLowerCase()) return;
    throw new CoppiceError('FORBIDDEN', 'pages of other origins may not ask this server');
  }
  const ours = hostNames.map((name) => `${name}:${port}`);
  if (host === undefined || !ours.includes(host.toLowerCase())) {
    throw new CoppiceError('FORBIDDEN', `the host ${JSON.stringify(host ?? '')} is not this server`, {
      hint: `use http://127.0.0.1:${port}`,
    });
  }
  const site = headers['sec-fetch-site'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = origin !== undefined && !ours.some((name) => origin.toLowerCase() === `http://${name}`);
  // A link to the page may be followed from anywhere: it shows nothing without the token.
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && origin === undefined;
  if (foreignOrigin || (foreignSite && !isNavigation)) {
    throw new CoppiceError('FORBIDDEN', 'pages of other origins may not ask this server', {
      hint: 'run `coppice open` for the page that may',
    });
  }
}

/** UNAUTHORIZED unless the request has the token. */
export function checkToken({ headers }: IncomingMessage, { token }: TcpAccess): void {
  const given = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  // Digests, because timingSafeEqual wants equal lengths and must not tell the right one.
  if (given !== undefined && timingSafeEqual(sha256(given), sha256(token))) return;
  throw new CoppiceError('UNAUTHORIZED', given === undefined ? 'a token is needed' : 'the token is wrong', {
    hint: 'send `Authorization: Bearer TOKEN`; `coppice serve --http` tells where the token is kept, `coppice open` opens the page with it',
  });
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
