import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/base/index.js';
import {
  diskFiles,
  openDependencies,
  type Package,
  type PackageListing,
  type Project,
} from '../../src/dependencies/index.js';

/** A folder with these files; a text that begins with `->` is a link to what follows. */
export function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(join(tmpdir(), 'coppice-deps-'));
  for (const [path, content] of Object.entries(files)) write(root, path, content);
  return root;
}

export function write(root: string, path: string, content: string | Buffer): void {
  const at = join(root, path);
  mkdirSync(dirname(at), { recursive: true });
  if (typeof content === 'string' && content.startsWith('->')) symlinkSync(content.slice(2), at);
  else writeFileSync(at, content);
}

export function projectAt(disk: string, options: Partial<Project> = {}): Project {
  return { files: diskFiles(disk), disk, installed: true, home: join(disk, '.home'), environment: {}, ...options };
}

export const listAt = (disk: string, options: Partial<Project> = {}): Promise<PackageListing> =>
  openDependencies(projectAt(disk, options)).list();

/** What matters of a listing, one package a line. */
export const shown = ({ packages }: { packages: readonly Package[] }): string[] =>
  packages.map(
    ({ name, version, place, origin, direct, dev, chain }) =>
      `${name}@${version} ${place}${direct ? ' direct' : ''}${dev ? ' dev' : ''}${origin === null ? ' missing' : ''}${chain.length > 0 ? ` < ${chain.join(' < ')}` : ''}`,
  );

export interface ZipPart {
  readonly name: string;
  readonly content: Buffer;
  readonly size?: number;
  readonly mode?: number;
  readonly flags?: number;
  readonly offset?: number;
}

/** An archive; what is given of a part besides its content is what the archive says of it. */
export function zipOf(parts: readonly ZipPart[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, size = content.length, mode = 0o100644, flags = 0, offset } of parts) {
    const packed = deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE((mode << 16) >>> 0, 38);
    entry.writeUInt32LE(offset ?? at, 42);
    bodies.push(local, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    at += 30 + Buffer.byteLength(name) + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, listed, end]);
}
