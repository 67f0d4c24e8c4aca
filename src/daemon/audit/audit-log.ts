import { randomBytes } from 'node:crypto';
import type { AuditEvent, AuditFacts, AuditQuery, Decision } from '../../common/audit-event.js';
import { messageOf } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';
import { Followers, type Following } from '../journal/followers.js';
import { budgetOf, type DecisionKind, type Series } from './budgets.js';
import type { LogDirectory } from './log-directory.js';
import { RateLimiter } from './rate-limiter.js';
import { linesOf, merged, placeOf } from './read-log.js';
import { RotatingLog } from './rotating-log.js';

export interface AuditLogOptions {
  readonly directory: LogDirectory;
  readonly clock: Clock;
  /** Bytes of one file; 4 MiB. */
  readonly fileBytes?: number;
  /** Files of each of the two series; 4. */
  readonly files?: number;
}

/** What became of the log since bulkheadd started, for its health. */
export interface AuditHealth {
  /** Lines made, those that were lost included. */
  readonly recorded: number;
  /** Decisions without a line of their own, because there were too many of the same kind. */
  readonly suppressed: number;
  /** Lines that could not be written. */
  readonly lost: number;
  /** What the system said the last time. */
  readonly lastError: string | null;
}

/** Milliseconds in which lines are gathered for one write. */
const batchMs = 50;
/** Lines held for one reader that is slow; it is told of those that were passed over. */
const following: Following<string> = {
  limit: 5000,
  behind: (count) => JSON.stringify({ kind: 'behind', count }),
};
/** Threat: a number that makes a line, or the health document, one that nobody can read. */
const mostLeftOut = 1_000_000_000;
/** Milliseconds between two accounts of what was suppressed. */
const accountMs = 10_000;

/**
 * Every decision as a line of JSON, kept on the data disk and told to whoever follows. Recording never waits, throws or refuses: a log that
 * could stop the engine were a way to stop it. What is not written is counted instead (`health`, events `suppressed` and `lost`).
 */
export class AuditLog {
  /** Of this run of bulkheadd. */
  readonly boot = randomBytes(4).toString('hex');
  readonly #clock: Clock;
  readonly #series: Readonly<Record<Series, RotatingLog>>;
  readonly #limiter: RateLimiter<DecisionKind>;
  readonly #followers = new Followers<string>();
  #forward: ((event: AuditEvent) => void) | undefined;
  #nextSeq: number | undefined;
  #recorded = 0;
  #suppressed = 0;
  /** Of the suppressed, those of which nobody told it more than how many; since the last account. */
  #leftOut = 0;
  #lost = { total: 0, untold: 0, reason: '' };
  #flushing = false;
  #accounting = false;
  #telling = false;

  constructor({ directory, clock, fileBytes = 4 * 1024 * 1024, files = 4 }: AuditLogOptions) {
    this.#clock = clock;
    this.#limiter = new RateLimiter(clock);
    const onLost = (count: number, reason: string): void => {
      const { total, untold } = this.#lost;
      this.#lost = { total: total + count, untold: untold + count, reason };
    };
    const log = (series: Series): RotatingLog =>
      new RotatingLog({ series, directory, fileBytes, files, onLost });
    this.#series = { notable: log('notable'), served: log('served') };
  }

  /** Takes a decision down, or counts it where there were too many of its kind. */
  record(decision: Decision): void {
    const { series, budget, kind, key } = budgetOf(decision);
    if (this.#limiter.admits(kind.who.kind, key, kind, budget)) {
      this.#write(series, decision);
      return;
    }
    this.#suppressed += 1;
    if (!this.#accounting) void this.#accountSoon();
  }

  /** Counts decisions that were made elsewhere, and for which there was no room on the way here. */
  leftOut(count: number): void {
    this.#leftOut = Math.min(this.#leftOut + count, mostLeftOut);
    this.#suppressed += Math.min(count, mostLeftOut);
    if (!this.#accounting) void this.#accountSoon();
  }

  /** From now on every line is given to this as well, which must not throw. */
  forwardTo(forward: (event: AuditEvent) => void): void {
    this.#forward = forward;
  }

  /** Lines from the log, oldest first; with `follow`, then new ones until the signal aborts. Rejects with what the system says. */
  async *read(
    { follow = false, since = '' }: AuditQuery,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    signal.addEventListener('abort', leave);
    this.#account();
    const live = follow ? this.#followers.follow(gone.signal, following) : undefined;
    const first = this.#number();
    try {
      await this.flush();
      const [notable, served] = await Promise.all([this.#series.notable.open(), this.#series.served.open()]);
      for await (const { seq, time, text } of merged(linesOf(notable), linesOf(served))) {
        if (signal.aborted) return;
        // Later ones come by the other way; those of an earlier disk that was put back are older by their time, not by their number.
        if (seq < first && time >= since) yield text;
      }
      if (live !== undefined) yield* live;
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }

  /** Resolves when everything recorded so far is written, or lost. */
  async flush(): Promise<void> {
    await Promise.all([this.#series.notable.flush(), this.#series.served.flush()]);
  }

  /** At the very end of the process, when nothing can be waited for any more. Never throws. */
  flushNow(): void {
    this.#account();
    for (const log of Object.values(this.#series)) log.flushNow();
  }

  health(): AuditHealth {
    return {
      recorded: this.#recorded,
      suppressed: this.#suppressed,
      lost: this.#lost.total,
      lastError: this.#lost.total === 0 ? null : this.#lost.reason,
    };
  }

  #write(series: Series, facts: AuditFacts): void {
    const seq = this.#number();
    this.#nextSeq = seq + 1;
    this.#recorded += 1;
    // Readers find the first three without reading the rest (`read-log.ts`).
    const event: AuditEvent = { seq, boot: this.boot, time: new Date().toISOString(), ...facts };
    const line = JSON.stringify(event);
    this.#series[series].append(line);
    this.#followers.tell(line);
    this.#forward?.(event);
    if (!this.#flushing) void this.#flushSoon();
  }

  /** Goes on where the log ends, whoever wrote it. */
  #number(): number {
    if (this.#nextSeq !== undefined) return this.#nextSeq;
    let last = -1;
    try {
      for (const log of Object.values(this.#series))
        last = Math.max(last, placeOf(log.lastLine() ?? '')?.seq ?? -1);
    } catch (error) {
      this.#lost = { ...this.#lost, reason: messageOf(error) };
    }
    this.#nextSeq = last + 1;
    return this.#nextSeq;
  }

  async #flushSoon(): Promise<void> {
    this.#flushing = true;
    await this.#clock.sleep(batchMs);
    this.#flushing = false;
    await Promise.all([this.#series.notable.flush(), this.#series.served.flush()]);
    this.#tellLostSoon();
  }

  /** Told until the line about it is on the disk itself. */
  async #tellLost(): Promise<void> {
    this.#telling = true;
    await this.#clock.sleep(accountMs);
    const { total, untold, reason } = this.#lost;
    this.#write('notable', { kind: 'lost', count: untold, reason });
    await this.#series.notable.flush();
    if (this.#lost.total === total) this.#lost = { ...this.#lost, untold: 0 };
    this.#telling = false;
    this.#tellLostSoon();
  }

  #tellLostSoon(): void {
    if (this.#lost.untold > 0 && !this.#telling) void this.#tellLost();
  }

  async #accountSoon(): Promise<void> {
    this.#accounting = true;
    await this.#clock.sleep(accountMs);
    this.#accounting = false;
    this.#account();
  }

  #account(): void {
    const account = this.#limiter.account();
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    if (account === undefined && leftOut === 0) return;
    const { kinds, others } = account ?? { kinds: [], others: 0 };
    const decisions = kinds.map(({ kind, count }) => ({ ...kind, count }));
    this.#write('notable', { kind: 'suppressed', decisions, others: others + leftOut });
  }
}
