import { abortable } from '../../common/abort.js';
import type { ClientTurns } from '../client-turns.js';
import type { Asker } from './facts.js';

/**
 * A question that several may wait for, each with a turn of its client's: the first turn that comes is everybody's, so that nobody waits for the turn of one who has much to ask.
 * Threat: a client asks and leaves, as often as it likes, and what it asked for goes on. So with the last that waits the question ends.
 */
export class SharedQuestion<Answer> {
  readonly #turns: ClientTurns;
  readonly #ask: (asker: Asker) => Promise<Answer>;
  readonly #answer = Promise.withResolvers<Answer>();
  readonly #begun = new AbortController();
  readonly #left = new AbortController();
  #waiting = 0;
  #isAnswered = false;

  constructor(turns: ClientTurns, ask: (asker: Asker) => Promise<Answer>) {
    this.#turns = turns;
    this.#ask = ask;
  }

  get answer(): Promise<Answer> {
    return this.#answer.promise;
  }

  /** All who waited have gone before there was an answer: there will be none. */
  get isLeft(): boolean {
    return this.#left.signal.aborted;
  }

  async answerFor({ client, signal }: Asker): Promise<Answer> {
    this.#waiting += 1;
    try {
      if (!this.#begun.signal.aborted) this.#queue(client, signal);
      return await abortable(this.#answer.promise, signal);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.#isAnswered) this.#leave();
    }
  }

  #queue(client: string, signal: AbortSignal): void {
    const needless = AbortSignal.any([signal, this.#begun.signal]);
    const turn = this.#turns.take(client, async () => this.#begin(client), needless);
    if (turn === undefined) throw new Error('too many questions of the client wait already');
    turn.catch(ignore);
  }

  async #begin(client: string): Promise<void> {
    this.#begun.abort();
    try {
      const answer = await this.#ask({ client, signal: this.#left.signal });
      this.#isAnswered = true;
      this.#answer.resolve(answer);
    } catch (error) {
      this.#answer.reject(error);
    }
  }

  #leave(): void {
    const reason = new Error('nobody waits for it any longer');
    this.#left.abort(reason);
    this.#answer.reject(reason);
  }
}

function ignore(): void {}
