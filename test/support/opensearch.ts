import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dependency = (group: string, name: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;

const engines = {
  opensearch: {
    version: '2.19.6',
    dependencies: (version: string) => [
      dependency('org.opensearch', 'opensearch', version),
      dependency('org.opensearch.plugin', 'transport-netty4-client', version),
      dependency('org.opensearch.plugin', 'analysis-common', version),
      dependency('org.apache.logging.log4j', 'log4j-core', '2.25.4'),
    ],
    code: (text: string) => text,
  },
  // The last whose node can be started from its jars alone; for benchmarks.
  elasticsearch: {
    version: '7.17.28',
    dependencies: (version: string) => [
      dependency('org.elasticsearch', 'elasticsearch', version),
      dependency('org.elasticsearch.plugin', 'transport-netty4-client', version),
      dependency('org.apache.logging.log4j', 'log4j-core', '2.17.1'),
    ],
    code: (text: string) =>
      text
        .replaceAll('org.opensearch', 'org.elasticsearch')
        .replace(', "org.elasticsearch.analysis.common.CommonAnalysisPlugin"', '')
        .replace('cluster_manager_nodes', 'master_nodes'),
  },
} as const;

export type SearchEngine = keyof typeof engines;

/** The whole node of OpenSearch on loopback, without the distribution's scripts. */
const boot = `import java.nio.file.*; import java.util.*;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
public class Boot {
  static class Whole extends Node {
    Whole(Environment environment, Collection<Class<? extends Plugin>> plugins) { super(environment, plugins, false); }
  }
  // HOME HTTP_PORT TRANSPORT_PORT NAME [TRANSPORT_PORT_OF_OTHERS...]
  public static void main(String[] args) throws Exception {
    Path home = Paths.get(args[0]).toAbsolutePath();
    Files.createDirectories(home.resolve("config"));
    List<String> seeds = new ArrayList<>();
    for (int i = 4; i < args.length; i++) seeds.add("127.0.0.1:" + args[i]);
    Settings.Builder settings = Settings.builder()
      .put("path.home", home.toString()).put("cluster.name", "coppice-test").put("node.name", args[3])
      .put("network.host", "127.0.0.1").put("http.port", args[1]).put("transport.port", args[2])
      .put("http.type", "netty4").put("transport.type", "netty4")
      .put("node.processors", 2).put("cluster.routing.allocation.disk.threshold_enabled", false);
    if (seeds.isEmpty()) settings.put("discovery.type", "single-node");
    else settings.putList("discovery.seed_hosts", seeds)
      .putList("cluster.initial_cluster_manager_nodes", System.getProperty("managers").split(","));
    List<Class<? extends Plugin>> plugins = new ArrayList<>();
    for (String name : new String[] {"org.opensearch.transport.Netty4Plugin", "org.opensearch.analysis.common.CommonAnalysisPlugin"})
      plugins.add(Class.forName(name).asSubclass(Plugin.class));
    Node node = new Whole(new Environment(settings.build(), home.resolve("config")), plugins);
    node.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { node.close(); } catch (Exception e) { } }));
    Thread.currentThread().join();
  }
}
`;

const projectOf = (
  engine: SearchEngine,
): string => `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>coppice</groupId><artifactId>${engine}</artifactId><version>1</version><dependencies>
${engines[engine].dependencies(engines[engine].version).join('\n')}
</dependencies></project>
`;

export interface StartOptions {
  readonly nodes?: number;
  /** Of each node. */
  readonly heapMegabytes?: number;
  readonly engine?: SearchEngine;
}

/** A real cluster, its jars fetched with Maven where that and Java are; null, with the reason told, where it cannot be. */
export async function startOpenSearch({
  nodes = 1,
  heapMegabytes = 256,
  engine = 'opensearch',
}: StartOptions = {}): Promise<OpenSearch | null> {
  const program = installOpenSearch(engine);
  if (program === null) return null;
  const folder = join(tmpdir(), `coppice-opensearch-${process.pid}-${Math.floor(performance.now())}`);
  mkdirSync(folder, { recursive: true });
  const ports = await freePorts(2 * nodes);
  const names = Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
  const cluster = new OpenSearch(
    folder,
    engine,
    names.map((name, i) => {
      const seeds = nodes === 1 ? [] : ports.slice(nodes).map(String);
      const args = [
        `-Xms${heapMegabytes}m`,
        `-Xmx${heapMegabytes}m`,
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-XX:-UsePerfData',
        `-Dmanagers=${names.join()}`,
        '-cp',
        `${program}/classes:${program}/lib/*`,
        'Boot',
        join(folder, name),
        String(ports[i]),
        String(ports[nodes + i]),
        name,
        ...seeds,
      ];
      const log = openSync(join(folder, `${name}.log`), 'w');
      return { port: ports[i]!, child: spawn('java', args, { stdio: ['ignore', log, log] }) };
    }),
  );
  try {
    await cluster.waitFor(nodes);
    return cluster;
  } catch (error) {
    const log = readFileSync(join(folder, 'n1.log'), 'utf8').slice(-2000);
    await cluster.stop();
    throw new Error(`OpenSearch does not answer: ${String(error)}\n${log}`, { cause: error });
  }
}

export class OpenSearch {
  constructor(
    private readonly folder: string,
    private readonly engine: SearchEngine,
    readonly nodes: readonly { readonly port: number; readonly child: ChildProcess }[],
  ) {}

  /** Address of a remote there. */
  remote(prefix: string, scheme: SearchEngine = this.engine): string {
    return `${scheme}://127.0.0.1:${this.nodes[0]!.port}/${prefix}`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.nodes[0]!.port}`;
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.url}/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async count(index: string): Promise<number> {
    await this.ask('POST', `${index}/_refresh`);
    return Number((await this.ask('GET', `${index}/_count`)).body['count']);
  }

  async waitFor(nodes: number, seconds = 240): Promise<void> {
    const end = performance.now() + seconds * 1000;
    for (;;) {
      try {
        const { status, body } = await this.ask('GET', `_cluster/health?wait_for_nodes=${nodes}&timeout=1s`);
        if (status === 200 && body['number_of_nodes'] === nodes) return;
      } catch {
        // not yet
      }
      if (performance.now() > end || this.nodes[0]!.child.exitCode !== null) throw new Error('no answer in time');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  kill(node: number): void {
    this.nodes[node]!.child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.nodes.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await ended;
      }),
    );
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Fetched and compiled once for a machine, not for a test run: where the jars and classes are; null where that cannot be. */
export function installOpenSearch(engine: SearchEngine = 'opensearch'): string | null {
  const name = `coppice-test-${engine}-${engines[engine].version}`;
  const folder = join(tmpdir().replace(/\/coppice-tests-[^/]+.*$/, ''), name);
  if (existsSync(join(folder, 'classes', 'Boot.class'))) return folder;
  for (const [program, flag] of [
    ['java', '-version'],
    ['javac', '-version'],
    ['mvn', '-v'],
  ] as const) {
    if (spawnSync(program, [flag]).status === 0) continue;
    console.warn(`skipped: no real OpenSearch, as there is no \`${program}\``);
    return null;
  }
  const draft = `${folder}.tmp-${process.pid}`;
  try {
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, 'pom.xml'), projectOf(engine));
    writeFileSync(join(draft, 'Boot.java'), engines[engine].code(boot));
    const run = (program: string, ...args: string[]): void =>
      void execFileSync(program, args, { cwd: draft, stdio: 'pipe', timeout: 240_000 });
    run('mvn', '-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${draft}/lib`, '-DincludeScope=runtime');
    run('javac', '-cp', 'lib/*', '-d', 'classes', 'Boot.java');
    if (existsSync(folder)) rmSync(draft, { recursive: true });
    else renameSync(draft, folder);
    return folder;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    console.warn(`skipped: no real OpenSearch, as it cannot be fetched: ${String(error).slice(0, 300)}`);
    return null;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
