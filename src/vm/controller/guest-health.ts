/** What the guest last said of itself, and when. */
export interface GuestReport {
  /** Unchecked. */
  readonly document: unknown;
  /** By the host's clock; ISO 8601. */
  readonly at: string;
}

/**
 * Remembers the guest's last health document, for who cannot wait: a VM that is stuck or busy still has a last word, with its age.
 *
 * @param ask has a deadline of its own.
 */
export class GuestHealth {
  readonly #ask: () => Promise<unknown>;
  readonly #now: () => Date;
  #last: GuestReport | undefined;
  #asking: Promise<GuestReport | undefined> | undefined;

  constructor(ask: () => Promise<unknown>, now = () => new Date()) {
    this.#ask = ask;
    this.#now = now;
  }

  get last(): GuestReport | undefined {
    return this.#last;
  }

  /** Its present word; where `within` says how many milliseconds there are for it, its last one where it takes longer. */
  async word(
    within: number | undefined,
  ): Promise<(GuestReport & { readonly answered: boolean }) | undefined> {
    const answered = within === undefined ? (await this.fresh()) !== undefined : await this.within(within);
    const report = within === undefined && !answered ? undefined : this.#last;
    return report === undefined ? undefined : { ...report, answered };
  }

  /** Asks now; undefined where the guest does not answer. */
  async fresh(): Promise<GuestReport | undefined> {
    try {
      const document = await this.#ask();
      // What was asked first and is answered last is not the last word; no one document is worth the book-keeping.
      this.#last = { document, at: this.#now().toISOString() };
      return this.#last;
    } catch {
      return undefined;
    }
  }

  /** Whether the guest answered within `ms`; `last` is what it said then, or before. One question at a time, however many wait for it. */
  async within(ms: number): Promise<boolean> {
    this.#asking ??= this.fresh().finally(() => {
      this.#asking = undefined;
    });
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), ms);
    try {
      const answered = this.#asking.then((report) => report !== undefined);
      return await Promise.race([answered, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
