/**
 * Work that is done one after another: of what waits each client's in turn, so that one that wants much has those wait for it that want as much.
 */
export class ClientTurns {
  readonly #most: number;
  /** By client; whose turn it is next comes first. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>();
  #count = 0;
  #running: Promise<void> | undefined;

  /** @param most may wait; of one client no more than is left then. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Undefined where the client has too much waiting already. */
  take<Result>(client: string, work: () => Promise<Result>): Promise<Result> | undefined {
    const own = this.#waiting.get(client) ?? [];
    if (own.length >= this.#most - this.#count) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    own.push(async () => work().then(resolve, reject));
    this.#waiting.set(client, own);
    this.#count += 1;
    this.#running ??= this.#run();
    return promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) await next();
    this.#running = undefined;
  }

  #next(): (() => Promise<void>) | undefined {
    for (const [client, own] of this.#waiting) {
      const next = own.shift();
      this.#waiting.delete(client);
      if (own.length > 0) this.#waiting.set(client, own);
      this.#count -= 1;
      return next;
    }
    return undefined;
  }
}
