import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HostDescription } from '../operation.js';

/** Counts of requests, and what the process tells of itself when it is asked (Prometheus text format). */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Counter({
    name: 'coppice_requests_total',
    help: 'Requests by operation and outcome (ok or an error code).',
    labelNames: ['operation', 'outcome'],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'coppice_request_duration_seconds',
    help: 'Time from the whole request to the whole answer.',
    labelNames: ['operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    registers: [this.registry],
  });

  constructor(
    describe: () => HostDescription,
    held: { readonly inFlight: () => number; readonly answerBytes: () => number; readonly bodyBytes: () => number },
  ) {
    const gauge = (name: string, help: string, value: () => number): void => {
      const registers = [this.registry];
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    };
    gauge('coppice_requests_in_flight', 'Requests being answered or waiting.', held.inFlight);
    gauge('coppice_answer_bytes', 'What answers hold until their clients take it.', held.answerBytes);
    gauge('coppice_body_bytes', 'What requests hold that have no answer yet.', held.bodyBytes);
    gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => describe().rssBytes);
    gauge('process_start_time_seconds', 'When the process started, in Unix time.', () => describe().startedMs / 1000);
    gauge('process_cpu_seconds_total', 'CPU time, user and system.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    gauge('coppice_repositories', 'Repositories that are open.', () => describe().repositories.length);
    for (const state of ['starting', 'watching', 'polling', 'failed'] as const) {
      gauge(
        `coppice_worktrees_${state}`,
        `Work trees whose watcher is in the state ${state}.`,
        () => describe().worktrees.filter((worktree) => worktree.state === state).length,
      );
    }
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  count(operation: string, outcome: string, milliseconds: number): void {
    this.requests.inc({ operation, outcome });
    this.seconds.observe({ operation }, milliseconds / 1000);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
