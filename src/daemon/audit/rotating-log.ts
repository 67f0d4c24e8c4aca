import { messageOf } from '../../common/cause.js';
import type { Appended, LogDirectory } from './log-directory.js';

export interface RotatingLogOptions {
  /** Files are called `<series>-<number>.jsonl`. */
  readonly series: string;
  readonly directory: LogDirectory;
  /** Bytes after which a new file is begun. */
  readonly fileBytes: number;
  /** Files kept; with the next one the oldest goes. */
  readonly files: number;
  /** Called with how many lines could not be written, and why. */
  readonly onLost: (count: number, reason: string) => void;
}

/** Bytes that wait for the disk; what comes while it takes none is lost, and counted. */
const mostWaiting = 2 * 1024 * 1024;

/**
 * Lines in files of a bounded size, of which a bounded number is kept. Writing is put off until `flush`, so that a hundred lines are one
 * write; it never rejects, because nothing may wait for, or fail with, the log.
 */
export class RotatingLog {
  readonly #options: RotatingLogOptions;
  readonly #waiting: string[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  /** Undefined until the directory could be read. */
  #current: { readonly number: number; size: number; torn: boolean } | undefined;

  constructor(options: RotatingLogOptions) {
    this.#options = options;
  }

  /** Puts a line, without its line feed, in the queue. */
  append(line: string): void {
    if (this.#waitingBytes + line.length > mostWaiting) {
      this.#options.onLost(1, 'the disk does not take them in time');
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
  }

  /** Writes what is queued; resolves when it is written, or counted as lost. Never rejects. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined || this.#waiting.length > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  /** Writes what is queued before it returns, if the disk takes it. Never throws. */
  flushNow(): void {
    const lines = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    try {
      this.#current ??= this.#find();
      const start = this.#current.torn ? '\n' : '';
      if (lines.length > 0)
        this.#options.directory.appendNow(this.#name(this.#current.number), `${start}${lines.join('\n')}\n`);
    } catch (error) {
      this.#options.onLost(lines.length, messageOf(error));
    }
  }

  /** The last line in the log that is whole. Throws what the system says. */
  lastLine(): string | undefined {
    for (const number of this.numbers().toReversed()) {
      const { bytes } = this.#options.directory.tail(this.#name(number), 65_536);
      const line = bytes
        .toString()
        .split('\n')
        .slice(0, -1)
        .findLast((text) => text !== '');
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** The bytes of the files there are, oldest first. Rejects with what the system says. */
  async open(): Promise<readonly AsyncIterable<Buffer>[]> {
    const { directory } = this.#options;
    const opened = await Promise.all(this.numbers().map((number) => directory.open(this.#name(number))));
    return opened.filter((file) => file !== undefined);
  }

  numbers(): number[] {
    const { directory, series } = this.#options;
    const pattern = new RegExp(`^${series}-(\\d{8,15})\\.jsonl$`);
    return directory
      .names()
      .flatMap((name) => pattern.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
  }

  async #write(): Promise<void> {
    const lines = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (let at = 0; at < lines.length;) at += await this.#writeSome(lines.slice(at));
  }

  /** Writes as many lines as belong in the present file. @returns how many are dealt with. */
  async #writeSome(lines: readonly string[]): Promise<number> {
    const { directory, fileBytes, onLost } = this.#options;
    try {
      this.#current ??= this.#find();
      if (this.#current.size >= fileBytes) await this.#rotate();
    } catch (error) {
      onLost(lines.length, messageOf(error));
      return lines.length;
    }
    const current = this.#current;
    const taken: string[] = [];
    let size = current.size;
    for (const line of lines) {
      if (taken.length > 0 && size >= fileBytes) break;
      taken.push(line);
      size += Buffer.byteLength(line) + 1;
    }
    // What was written of a line when the disk was full must not spoil the next one.
    const bytes = Buffer.from(`${current.torn ? '\n' : ''}${taken.join('\n')}\n`);
    const appended = await directory.append(this.#name(current.number), bytes);
    current.size += appended.written;
    this.#note(current, bytes, appended, taken.length);
    return taken.length;
  }

  #note(current: { torn: boolean }, bytes: Buffer, { written, error }: Appended, lines: number): void {
    const before = current.torn ? 1 : 0;
    const whole = bytes.subarray(0, written).toString('latin1').split('\n').length - 1;
    if (written > 0) current.torn = bytes[written - 1] !== 0x0a;
    if (error !== undefined) this.#options.onLost(lines - Math.max(0, whole - before), messageOf(error));
  }

  #find(): { number: number; size: number; torn: boolean } {
    const number = this.numbers().at(-1);
    if (number === undefined) return { number: 1, size: 0, torn: false };
    const { bytes, size } = this.#options.directory.tail(this.#name(number), 1);
    return { number, size, torn: size > 0 && bytes[0] !== 0x0a };
  }

  async #rotate(): Promise<void> {
    const numbers = this.numbers();
    const next = (numbers.at(-1) ?? 0) + 1;
    for (const old of numbers.slice(0, Math.max(0, numbers.length - this.#options.files + 1)))
      await this.#options.directory.remove(this.#name(old));
    this.#current = { number: next, size: 0, torn: false };
  }

  #name(number: number): string {
    return `${this.#options.series}-${String(number).padStart(8, '0')}.jsonl`;
  }
}
