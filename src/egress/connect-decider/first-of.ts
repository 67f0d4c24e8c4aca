import { setTimeout } from 'node:timers/promises';
import { type FirstBytes, readFirstBytes } from '../first-bytes/index.js';
import type { WantedConnection } from './facts.js';

/** What a client has sent, read, and whether nothing more is waited for. */
export interface Beginning {
  readonly first: FirstBytes;
  readonly waited: boolean;
}

/** Threat: a client that sends 64 KiB one byte at a time has them read as often. A head of a real one comes in a few pieces. */
const mostLooks = 64;

/** The first bytes of one client, each looked at once however often they are asked for. */
export class FirstOf {
  readonly #peek: WantedConnection['peek'];
  #bytes: Buffer = Buffer.alloc(0);
  #all = false;
  #looks = 0;
  #pending: Promise<void> | undefined;

  constructor(peek: WantedConnection['peek']) {
    this.#peek = peek;
  }

  /** It has said nothing, and never will. */
  get silent(): boolean {
    return this.#all && this.#bytes.length === 0;
  }

  /** @param milliseconds at most; then it is what it is. */
  async within(milliseconds: number, signal: AbortSignal): Promise<Beginning> {
    const over = new AbortController();
    const end = setTimeout(milliseconds, true, { signal: AbortSignal.any([signal, over.signal]) });
    // Whoever asked may have gone on.
    end.catch(() => undefined);
    try {
      for (;;) {
        const first = readFirstBytes(this.#bytes);
        if (first.kind !== 'more') return { first, waited: false };
        if (this.#all || (await Promise.race([this.#more(), end])) === true) return { first, waited: true };
      }
    } finally {
      over.abort();
    }
  }

  /** A question that is asked already is not asked again. */
  async #more(): Promise<void> {
    this.#pending ??= this.#peek(this.#bytes.length)
      .then(({ bytes, all }) => {
        this.#looks += 1;
        this.#all = all || bytes.length <= this.#bytes.length || this.#looks >= mostLooks;
        this.#bytes = bytes;
      })
      .finally(() => {
        this.#pending = undefined;
      });
    return this.#pending;
  }
}
