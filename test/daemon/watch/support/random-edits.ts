import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../../crash/support/random.js';

/** Makes random changes in a folder, of all kinds that editors, compilers and git make; the same seed makes the same. */
export class RandomEdits {
  private serial = 0;

  constructor(
    private readonly root: string,
    private readonly random: Random,
  ) {}

  /** One change that says nothing about folders: a file comes, goes, or is another. Returns what it did. */
  touchFile(): string {
    const folder = this.pick(this.folders());
    const file = join(folder, this.pick(['a', 'b', 'c', 'd']));
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
      const free = fs.existsSync(file) ? `${file}-${++this.serial}` : file;
      fs.writeFileSync(free, '');
      return `create ${free}`;
    }
    switch (this.random(5)) {
      case 0:
        fs.appendFileSync(file, 'more');
        return `append ${file}`;
      case 1:
        fs.rmSync(file);
        return `remove ${file}`;
      case 2:
        fs.renameSync(file, join(folder, `moved-${++this.serial}`));
        return `rename ${file}`;
      case 3:
        fs.writeFileSync(`${file}.tmp`, `saved ${++this.serial}`);
        fs.renameSync(`${file}.tmp`, file);
        return `save ${file}`;
      default:
        fs.truncateSync(file);
        return `truncate ${file}`;
    }
  }

  /** Changes what folders there are. */
  moveFolders(): string {
    const [folder, other] = [this.pick(this.folders()), this.pick(this.folders())];
    const fresh = join(other, `f${++this.serial}`);
    if (folder === this.root) {
      const deep = join(fresh, 'x/y');
      fs.mkdirSync(deep, { recursive: true });
      fs.writeFileSync(join(deep, 'a'), 'new');
      return `create ${deep}`;
    }
    switch (this.random(6)) {
      case 0:
        fs.rmSync(folder, { recursive: true });
        return `remove ${folder}`;
      case 1: // often with the same inode again
        fs.rmSync(folder, { recursive: true });
        fs.mkdirSync(join(folder, 'again'), { recursive: true });
        return `create again ${folder}`;
      case 2:
        if (isIn(other, folder)) return this.moveFolders();
        fs.renameSync(folder, fresh);
        return `rename ${folder} to ${fresh}`;
      case 3:
        if (isIn(other, folder) || isIn(folder, other)) return this.moveFolders();
        fs.renameSync(folder, `${this.root}/swap`);
        fs.renameSync(other, folder);
        fs.renameSync(`${this.root}/swap`, other);
        return `swap ${folder} and ${other}`;
      case 4:
        fs.mkdirSync(fresh);
        return `create ${fresh}`;
      default:
        if (isIn(other, folder)) return this.moveFolders();
        fs.cpSync(folder, fresh, { recursive: true });
        return `copy ${folder} to ${fresh}`;
    }
  }

  private folders(): string[] {
    const found = [this.root];
    for (const folder of found) {
      for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory() && entry.name !== '.git') found.push(join(folder, entry.name));
      }
    }
    // Few enough that they are met again.
    for (const extra of found.splice(40)) fs.rmSync(extra, { recursive: true, force: true });
    return found;
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random(from.length)]!;
  }
}

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
