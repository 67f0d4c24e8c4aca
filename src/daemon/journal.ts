/** One line of the journal, ready to be sent: JSON without a line feed. */
export interface JournalLine {
  readonly service: string;
  readonly text: string;
}

/**
 * The last lines of every service, bounded so that a talkative container cannot eat the VM's memory. Nothing outlives the daemon:
 * `bulkhead logs` reads what is held.
 */
export class Journal {
  readonly #lines: JournalLine[] = [];
  readonly #followers = new Set<(line: JournalLine) => void>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes = 4 * 1024 * 1024) {
    this.#limitBytes = limitBytes;
  }

  append(line: JournalLine): void {
    this.#lines.push(line);
    this.#bytes += line.text.length;
    while (this.#bytes > this.#limitBytes) this.#bytes -= this.#lines.shift()?.text.length ?? this.#bytes;
    for (const follower of this.#followers) follower(line);
  }

  /** The lines held, then, with `follow`, new ones until the signal aborts. A reader too slow for `limit` lines loses the oldest. */
  async *read(
    options: { service?: string; follow?: boolean },
    signal: AbortSignal,
    limit = 10_000,
  ): AsyncGenerator<string> {
    const wanted = (line: JournalLine): boolean =>
      options.service === undefined || options.service === line.service;
    if (options.follow !== true) {
      /* A snapshot: lines that come while the reader is slow must not make this reading endless. */
      const held = this.#lines.filter(wanted);
      for (const line of held) yield line.text;
      return;
    }
    const queue = this.#lines.filter(wanted);
    let wake: (() => void) | undefined;
    const follower = (line: JournalLine): void => {
      if (!wanted(line)) return;
      queue.push(line);
      if (queue.length > limit) queue.shift();
      wake?.();
    };
    const stop = (): void => {
      wake?.();
    };
    this.#followers.add(follower);
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        const line = queue.shift();
        if (line !== undefined) {
          yield line.text;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#followers.delete(follower);
      signal.removeEventListener('abort', stop);
    }
  }
}
