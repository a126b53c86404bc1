import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mainProgram } from '../history/context.js';
import { killOnEnd, onEnd } from '../daemon/cleanup.js';
import { rssOf } from '../daemon/process-usage.js';
import { waitUntil } from '../daemon/waiting.js';

/** A daemon with few files that it may open, on a disk that is soon full. */
export class FaultyDaemon {
  readonly storePath: string;
  readonly port = 20_000 + (process.pid % 20_000);
  /** Whether the disk is one of its own; where that is not allowed nothing fills it. */
  readonly hasDisk: boolean;
  log = '';
  ended = false;
  private readonly child: ChildProcess;

  constructor(limits: { readonly files: number; readonly diskMib: number }) {
    const disk = mkdtempSync(join(tmpdir(), 'coppice-disk-'));
    onEnd(() => rmSync(disk, { recursive: true, force: true }));
    const mount = ['-t', 'tmpfs', '-o', `size=${limits.diskMib}m`, 'tmpfs', disk];
    this.hasDisk = process.platform === 'linux' && spawnSync('mount', mount).status === 0;
    if (this.hasDisk) onEnd(() => spawnSync('umount', ['-l', disk]));
    this.storePath = join(disk, 'store');
    const args = [mainProgram, 'serve', '--store', this.storePath, '--port', String(this.port)];
    this.child = spawn('sh', ['-c', `ulimit -n ${limits.files}; exec "$0" "$@"`, process.execPath, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    killOnEnd(this.pid);
    this.child.stderr!.on('data', (bytes: Buffer) => (this.log = (this.log + bytes.toString()).slice(-20_000)));
    this.child.on('exit', () => (this.ended = true));
  }

  get pid(): number {
    return this.child.pid!;
  }

  get token(): string {
    return readFileSync(join(this.storePath, 'daemon/token'), 'utf8').trim();
  }

  async ready(): Promise<void> {
    await waitUntil('the daemon', 60_000, async () => (await this.get('/healthz')) !== null);
  }

  /** Null when it cannot be asked now. */
  async get(path: string): Promise<string | null> {
    try {
      const headers = { authorization: path === '/healthz' ? '' : `Bearer ${this.token}`, connection: 'close' };
      const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers });
      return answer.ok ? await answer.text() : null;
    } catch {
      return null;
    }
  }

  /** A figure of its own; NaN when it cannot be asked now. */
  async metric(name: string): Promise<number> {
    const text = await this.get('/metrics');
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text ?? '')?.[1] ?? NaN);
  }

  get rssBytes(): number {
    return this.ended ? 0 : rssOf(this.pid);
  }

  /** Open descriptors, threads, and processes below it. */
  held(): { files: number; threads: number; children: number } {
    const tasks = readdirSync(`/proc/${this.pid}/task`);
    const children = tasks.flatMap((task) => {
      try {
        return readFileSync(`/proc/${this.pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean);
      } catch {
        return []; // it has ended
      }
    });
    return {
      files: readdirSync(`/proc/${this.pid}/fd`).length,
      threads: tasks.length,
      children: children.length,
    };
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await waitUntil('the daemon to end', 30_000, () => this.ended);
  }
}
