import type { HttpClient } from '../../src/api/client/http-client.js';
import { pause } from '../daemon/waiting.js';

const thinkMs = 20;

/** Another client, which asks ordinary things one after the other. */
export class Bystander {
  /** What its requests took, by kind, in milliseconds. */
  readonly times = new Map<string, number[]>();
  readonly errors: string[] = [];
  private stopped = false;
  private running: Promise<void> | null = null;

  constructor(
    private readonly client: HttpClient,
    private readonly repo: string,
  ) {}

  start(): void {
    this.running = this.work();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  get all(): number[] {
    return [...this.times.values()].flat();
  }

  private async work(): Promise<void> {
    const { repo } = this;
    const requests: readonly (readonly [kind: string, operation: string, body: object])[] = [
      ['grep, literal', 'grep', { repo, pattern: 'return', maxCount: 20 }],
      ['grep, .*', 'grep', { repo, pattern: 'import.*from|require\\(.*\\)', maxCount: 200 }],
      ['grep, nothing found', 'grep', { repo, pattern: 'qzqz\\w+xx' }],
      ['search', 'search', { repo, query: 'read file name', mode: 'lexical' }],
      ['symbols', 'symbols', { repo, name: 'get' }],
      ['files', 'files', { repo, limit: 50 }],
      ['daemon', 'daemon', {}],
    ];
    for (let at = 0; !this.stopped; at++) {
      const [kind, operation, body] = requests[at % requests.length]!;
      const startMs = performance.now();
      try {
        await this.client.ask(operation, body, undefined, {});
      } catch (error) {
        this.errors.push(`${kind}: ${String(error)}`);
      }
      const times = this.times.get(kind);
      if (times === undefined) this.times.set(kind, [performance.now() - startMs]);
      else times.push(performance.now() - startMs);
      await pause(thinkMs);
    }
  }
}
