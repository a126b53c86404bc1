import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemErrorCode } from '../../base/index.js';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, nothing inline, and in nobody's frame. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface PageFile {
  readonly content: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** The files of the web page, read once from the folder that they were built into. Only what lies there can be asked for. */
export class PageFiles {
  private files: Map<string, PageFile> | null = null;

  private readonly folder: string;

  constructor(folder: URL) {
    this.folder = fileURLToPath(folder);
  }

  /** Sends the file of a URL's path; false when there is none. */
  send(path: string, ifNoneMatch: string | undefined, response: ServerResponse): boolean {
    this.files ??= this.read();
    const file = this.files.get(path === '/' ? '/index.html' : path);
    if (file === undefined) return false;
    const headers = {
      'content-type': file.type,
      etag: file.etag,
      'cache-control': 'no-cache',
      'content-security-policy': contentSecurityPolicy,
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    };
    if (ifNoneMatch === file.etag) response.writeHead(304, headers).end();
    else response.writeHead(200, { ...headers, 'content-length': file.content.length }).end(file.content);
    return true;
  }

  private read(): Map<string, PageFile> {
    const files = new Map<string, PageFile>();
    let names: string[];
    try {
      names = readdirSync(this.folder, { recursive: true, encoding: 'utf8' });
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return files;
      throw error;
    }
    for (const name of names) {
      const type = contentTypes[extname(name)];
      if (type === undefined) continue;
      const content = readFileSync(join(this.folder, name));
      const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
      files.set(`/${name.replaceAll('\\', '/')}`, { content, type, etag });
    }
    return files;
  }
}
