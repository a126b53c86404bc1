/** Calls back once nothing has been touched for a while; then waits to be touched again. Keeps no program from ending. */
export class IdleTimer {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly idleMs: number,
    private readonly onIdle: () => void,
  ) {}

  /** Begins to wait anew. */
  touch(): void {
    if (this.timer === undefined) this.timer = setTimeout(this.onIdle, this.idleMs).unref();
    else this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
