import { readLines } from './ndjson.js';
import type { InputOf, ItemOf, OperationName, Progress, RestOf, StreamLine, WireError } from './protocol.js';
import { RequestError } from './request-error.js';

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** About what a frame takes, in milliseconds. */
const frameMs = 20;

/** Asks the daemon, which serves this page from the same origin. */
export class ApiClient {
  /** @param onUnauthorized called when the daemon does not know the token. */
  constructor(
    private readonly token: string,
    private readonly onUnauthorized: () => void,
  ) {}

  /**
   * Calls an operation and passes on the elements of its list as they come, in batches, to be shown.
   * @returns what comes after them.
   * @throws {RequestError} or what `fetch` throws; see `asRequestError`.
   */
  stream<N extends OperationName>(
    name: N,
    input: InputOf<N>,
    onItems: (items: readonly ItemOf<N>[]) => void,
    options: RequestOptions = {},
  ): Promise<RestOf<N>> {
    let isFirst = true;
    const show = async (items: readonly ItemOf<N>[]): Promise<void> => {
      onItems(items);
      // What has come already is read without a pause in which the first of it could be painted.
      if (isFirst) await new Promise((done) => setTimeout(done, frameMs));
      isFirst = false;
    };
    return this.read(name, input, show, options);
  }

  /** Calls an operation without a list, or one whose list is wanted whole. */
  async call<N extends OperationName>(
    name: N,
    input: InputOf<N>,
    options: RequestOptions = {},
  ): Promise<{ readonly items: readonly ItemOf<N>[]; readonly result: RestOf<N> }> {
    const items: ItemOf<N>[] = [];
    const result = await this.read(name, input, (more) => void items.push(...more), options);
    return { items, result };
  }

  private async read<N extends OperationName>(
    name: N,
    input: InputOf<N>,
    onItems: (items: readonly ItemOf<N>[]) => void | Promise<void>,
    { signal, onProgress }: RequestOptions,
  ): Promise<RestOf<N>> {
    const response = await fetch(`/v1/${name}`, {
      method: 'POST',
      headers: {
        accept: 'application/x-ndjson',
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(input),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok || response.body === null) throw await this.failure(response);
    let result: RestOf<N> | undefined;
    // To the end, also behind the result: a body that was not read whole costs its connection.
    for await (const lines of readLines(response.body)) {
      const items: unknown[] = [];
      for (const text of lines) {
        const line = JSON.parse(text) as StreamLine;
        if ('item' in line) items.push(line.item);
        else if ('progress' in line) onProgress?.(line.progress);
        else if ('error' in line) throw new RequestError(line.error);
        else if ('result' in line) result = line.result as RestOf<N>;
      }
      if (items.length > 0) await onItems(items as ItemOf<N>[]);
    }
    if (result === undefined) throw new TypeError('the answer ended before its result');
    return result;
  }

  private async failure(response: Response): Promise<RequestError> {
    if (response.status === 401) this.onUnauthorized();
    const text = await response.text();
    try {
      return new RequestError((JSON.parse(text) as { error: WireError }).error);
    } catch {
      return new RequestError({ code: 'INTERNAL', message: `HTTP ${response.status}: ${text.slice(0, 200)}` });
    }
  }
}
