export interface TurnLimits {
  /** How much may wait; of one client no more than is left then. */
  readonly waiting: number;
  /** How much is done at a time. */
  readonly atOnce?: number;
  /** Of these, how much of one client. */
  readonly ofClient?: number;
}

type Work = () => Promise<void>;

/**
 * Work that is done so much at a time, one after another where nothing else is said: of what waits each client's in turn, so that one that wants much has those wait for it that want as much.
 */
export class ClientTurns {
  readonly #limits: Required<TurnLimits>;
  /** By client; whose turn it is next comes first. */
  readonly #waiting = new Map<string, Set<Work>>();
  readonly #underWay = new Map<string, number>();
  #waits = 0;
  #runs = 0;
  #idle = Promise.withResolvers<void>();

  constructor({ waiting, atOnce = 1, ofClient = atOnce }: TurnLimits) {
    this.#limits = { waiting, atOnce, ofClient };
  }

  /**
   * Undefined where the client has too much waiting already.
   *
   * @param signal ends the waiting, and is nothing to what has begun.
   */
  take<Result>(
    client: string,
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> | undefined {
    const own = this.#waiting.get(client) ?? new Set();
    if (own.size >= this.#limits.waiting - this.#waits) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const leave = (): void => {
      this.#remove(client, own, turn);
      reject(signal?.reason);
    };
    const turn = async (): Promise<void> => {
      signal?.removeEventListener('abort', leave);
      await work().then(resolve, reject);
    };
    own.add(turn);
    this.#waiting.set(client, own);
    this.#waits += 1;
    if (signal?.aborted === true) leave();
    else signal?.addEventListener('abort', leave, { once: true });
    this.#begin();
    return promise;
  }

  /** Resolves when nothing waits, and nothing is under way. */
  async idle(): Promise<void> {
    if (this.#runs > 0) await this.#idle.promise;
  }

  #begin(): void {
    while (this.#runs < this.#limits.atOnce) {
      const client = this.#nextClient();
      if (client === undefined) return;
      void this.#run(client);
    }
  }

  #nextClient(): string | undefined {
    for (const client of this.#waiting.keys())
      if ((this.#underWay.get(client) ?? 0) < this.#limits.ofClient) return client;
    return undefined;
  }

  async #run(client: string): Promise<void> {
    const own = this.#waiting.get(client) ?? new Set();
    const [turn] = own;
    if (turn === undefined) return;
    this.#remove(client, own, turn);
    // The others come first now.
    if (own.size > 0 && this.#waiting.delete(client)) this.#waiting.set(client, own);
    this.#count(client, 1);
    await turn();
    this.#count(client, -1);
    this.#begin();
    if (this.#runs > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  #remove(client: string, own: Set<Work>, turn: Work): void {
    own.delete(turn);
    if (own.size === 0) this.#waiting.delete(client);
    this.#waits -= 1;
  }

  #count(client: string, change: 1 | -1): void {
    this.#runs += change;
    const count = (this.#underWay.get(client) ?? 0) + change;
    if (count > 0) this.#underWay.set(client, count);
    else this.#underWay.delete(client);
  }
}
