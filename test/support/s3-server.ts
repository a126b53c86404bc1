import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const version = 'v1.2.0';

/** A real S3 server (gofakes3, in memory), built with Go where that is; null, with the reason told, where it cannot be. */
export async function startS3Server(): Promise<S3Server | null> {
  const program = process.env['COPPICE_TEST_S3'] ?? build();
  if (program === null) return null;
  const port = await freePort();
  const child = spawn(program, [`127.0.0.1:${port}`], { stdio: 'ignore' });
  for (let tries = 0; tries < 200; tries++) {
    if (await answers(port)) return new S3Server(child, `http://127.0.0.1:${port}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill('SIGKILL');
  throw new Error('the S3 server does not answer');
}

export class S3Server {
  constructor(
    private readonly child: ChildProcess,
    readonly endpoint: string,
  ) {}

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async makeBucket(name: string): Promise<void> {
    const { status } = await fetch(`${this.endpoint}/${name}`, { method: 'PUT' });
    if (status !== 200) throw new Error(`no bucket: ${status}`);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

const source = `package main

import (
	"log"
	"net/http"
	"os"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func main() {
	log.Fatal(http.ListenAndServe(os.Args[1], gofakes3.New(s3mem.New()).Server()))
}
`;

/** Built once for a machine: a second build finds it. */
function build(): string | null {
  const folder = join(tmpdir(), `coppice-test-gofakes3-${version}`);
  const program = join(folder, 'server');
  if (existsSync(program)) return program;
  if (spawnSync('go', ['version']).status !== 0) {
    console.warn('skipped: no real S3 server, as there is no `go` to build one with');
    return null;
  }
  const draft = `${folder}.tmp-${process.pid}`;
  try {
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, 'main.go'), source);
    const run = (...args: string[]): void =>
      void execFileSync('go', args, { cwd: draft, stdio: 'pipe', timeout: 240_000 });
    run('mod', 'init', 'server');
    run('get', `github.com/johannesboyne/gofakes3@${version}`);
    run('build', '-o', 'server', '.');
    if (existsSync(folder)) rmSync(draft, { recursive: true });
    else renameSync(draft, folder);
    return program;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    console.warn(`skipped: no real S3 server, as it cannot be built: ${String(error).slice(0, 300)}`);
    return null;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve((socket.destroy(), true)));
    socket.on('error', () => resolve(false));
  });
}
