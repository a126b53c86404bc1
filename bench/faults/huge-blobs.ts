import { spawn } from 'node:child_process';
import { once } from 'node:events';

const lineBytes = 1024;
const pieceBytes = 8 * 1024 * 1024;

/** Commits files of so many bytes, whose lines are zeros: git packs them into little. */
export async function commitHugeFiles(repo: string, branch: string, sizes: readonly number[]): Promise<string[]> {
  const child = spawn('git', ['-C', repo, '-c', 'pack.compression=1', 'fast-import', '--quiet'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const piece = Buffer.alloc(pieceBytes, '0');
  for (let at = lineBytes - 1; at < pieceBytes; at += lineBytes) piece[at] = 10;
  const write = async (bytes: Uint8Array | string): Promise<void> => {
    if (!child.stdin.write(bytes)) await once(child.stdin, 'drain');
  };
  const paths: string[] = [];
  for (const [i, size] of sizes.entries()) {
    const whole = Math.floor(size / pieceBytes);
    await write(`blob\nmark :${i + 1}\ndata ${whole * pieceBytes}\n`);
    for (let n = 0; n < whole; n++) await write(piece);
    await write('\n');
    paths.push(`huge${i}.txt`);
  }
  await write(`commit refs/heads/${branch}\ncommitter A <a@b.c> 1700000000 +0000\ndata 4\nhuge\n`);
  await write(paths.map((path, i) => `M 100644 :${i + 1} ${path}\n`).join(''));
  child.stdin.end('\ndone\n');
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
  return paths;
}
