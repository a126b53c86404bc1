import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';

const version = 'v1.2.0';
const gatewayVersion = 'v1.8.0';

/** What signs requests to these servers. gofakes3 takes any. */
export const s3Keys = { accessKeyId: 'test', secretAccessKey: 'testsecret' } as const;

/** A real S3 server (gofakes3, in memory), built with Go where that is; null, with the reason told, where it cannot be. */
export async function startS3Server(): Promise<S3Server | null> {
  const program = process.env['COPPICE_TEST_S3'] ?? build();
  if (program === null) return null;
  const port = await freePort();
  return started(spawn(program, [`127.0.0.1:${port}`], { stdio: 'ignore' }), port, null);
}

/**
 * versitygw, which keeps objects in a folder and checks signatures. `COPPICE_TEST_VERSITYGW` says where it is; `builds`: else it is built with Go,
 * which takes two minutes of a processor. Null where it cannot be had.
 */
export async function startGateway({ builds }: { readonly builds: boolean }): Promise<S3Server | null> {
  const place = join(tmpdir(), `coppice-test-versitygw-${gatewayVersion}`);
  const program = process.env['COPPICE_TEST_VERSITYGW'] ?? join(place, 'versitygw');
  if (!existsSync(program)) {
    if (!builds || spawnSync('go', ['version']).status !== 0) return null;
    const source = `github.com/versity/versitygw/cmd/versitygw@${gatewayVersion}`;
    execFileSync('go', ['install', '-p', '1', source], { env: { ...process.env, GOBIN: place }, stdio: 'ignore' });
  }
  const folder = mkdtempSync(join(tmpdir(), 'coppice-versitygw-'));
  const port = await freePort();
  const env = { ...process.env, ROOT_ACCESS_KEY: s3Keys.accessKeyId, ROOT_SECRET_KEY: s3Keys.secretAccessKey };
  const args = ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', folder];
  return started(spawn(program, args, { stdio: 'ignore', env }), port, folder);
}

async function started(child: ChildProcess, port: number, folder: string | null): Promise<S3Server> {
  for (let tries = 0; tries < 400; tries++) {
    if (await answers(port)) return new S3Server(child, `http://127.0.0.1:${port}`, folder);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill('SIGKILL');
  throw new Error('the S3 server does not answer');
}

export class S3Server {
  constructor(
    private readonly child: ChildProcess,
    readonly endpoint: string,
    private readonly folder: string | null = null,
  ) {}

  /** What commands and clients take the server and its keys from. */
  get env(): Record<string, string> {
    return s3Env(this.endpoint);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async makeBucket(name: string): Promise<void> {
    const client = new AwsClient({ ...s3Keys, service: 's3', region: 'us-east-1', retries: 3 });
    const { status } = await client.fetch(`${this.endpoint}/${name}`, { method: 'PUT' });
    if (status !== 200) throw new Error(`no bucket: ${status}`);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}

export const s3Env = (endpoint: string): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: s3Keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey,
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: endpoint,
});

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
