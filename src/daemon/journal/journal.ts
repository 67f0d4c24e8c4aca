import { Followers } from './followers.js';

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
  readonly #followers = new Followers<JournalLine>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes = 4 * 1024 * 1024) {
    this.#limitBytes = limitBytes;
  }

  append(line: JournalLine): void {
    this.#lines.push(line);
    this.#bytes += line.text.length;
    while (this.#bytes > this.#limitBytes) this.#bytes -= this.#lines.shift()?.text.length ?? this.#bytes;
    this.#followers.tell(line);
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
    const following = this.#followers.follow(signal, { limit, held: this.#lines, wanted });
    for await (const line of following) yield line.text;
  }
}
