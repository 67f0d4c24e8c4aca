import type { Writable } from 'node:stream';
import { orNothing } from './cause.js';
import { type LeftOut, leftOutSchema } from './left-out.js';

/** Bytes that wait for a reader who is slow. */
const mostWaiting = 1 << 20;
const pauseMs = 1000;

export interface CountedLinesOptions {
  /** Where the lines go now; undefined: nowhere. */
  readonly stream: () => Writable | undefined;
  readonly most?: number;
  /** Milliseconds between two accounts of what was left out. */
  readonly pause?: number;
}

/**
 * Hands lines on to a reader who may be slow, or not there. Threat: whoever has lines made without end fills the memory with them; and where they are dropped instead, does what nobody is told of. So
 * what there is no room for is counted, and the count is told as soon as there is.
 */
export class CountedLines {
  readonly #options: Required<CountedLinesOptions>;
  #leftOut = 0;
  #accounting = false;

  constructor({ most = mostWaiting, pause = pauseMs, ...options }: CountedLinesOptions) {
    this.#options = { most, pause, ...options };
  }

  /** How full it is: from 0, nothing waits, to 1. */
  get fullness(): number {
    const { stream, most } = this.#options;
    return Math.min(1, (stream()?.writableLength ?? 0) / most);
  }

  write(line: string): void {
    const stream = this.#room();
    if (stream === undefined) this.leaveOut(countOf(line));
    else stream.write(`${line}\n`);
  }

  leaveOut(count: number): void {
    this.#leftOut += count;
    if (this.#accounting) return;
    this.#accounting = true;
    setTimeout(() => this.#account(), this.#options.pause).unref();
  }

  #room(): Writable | undefined {
    const { stream, most } = this.#options;
    const now = stream();
    return now?.writable === true && now.writableLength < most ? now : undefined;
  }

  #account(): void {
    this.#accounting = false;
    const count = this.#leftOut;
    this.#leftOut = 0;
    const told: LeftOut = { kind: 'left-out', count };
    this.write(JSON.stringify(told));
  }
}

/** What is said of others that were left out stands for as many. */
function countOf(line: string): number {
  return leftOutSchema.safeParse(orNothing((): unknown => JSON.parse(line))).data?.count ?? 1;
}
