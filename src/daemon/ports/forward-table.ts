import type { Clock } from '../../common/clock.js';
import type { Exec } from '../../common/exec.js';
import type { Logger } from '../../common/log.js';
import { portKey } from '../../common/ports.js';
import { askNat, restoreRules } from '../firewall.js';
import {
  additions,
  chain,
  foundation,
  type GuestForward,
  type HostSide,
  parseForwards,
  replacement,
} from './forward-rules.js';

/** Milliseconds within which every publish-port has come back to a bulkheadd that was started again: each tries once a second. */
const returnMs = 30_000;

export interface ForwardTableParts {
  readonly exec: Exec;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * The forwards of the VM's firewall. A change is a transaction of the kernel's; those that come while one is made are made together, because each starts a
 * program, which takes longest.
 */
export class ForwardTable {
  readonly #side: HostSide;
  readonly #parts: ForwardTableParts;
  readonly #wanted = new Map<string, GuestForward>();
  /** Of a bulkheadd before this one, which may be asked for again. */
  #left: ReadonlyMap<string, GuestForward> = new Map();
  #added: GuestForward[] = [];
  #isReplaced = false;
  #opened: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(side: HostSide, parts: ForwardTableParts) {
    this.#side = side;
    this.#parts = parts;
  }

  /** Resolves when the kernel has it. Rejects when it has not; it is not wanted then. */
  async add(forward: GuestForward): Promise<void> {
    this.#wanted.set(portKey(forward), forward);
    this.#added.push(forward);
    try {
      await this.#change();
    } catch (error) {
      this.#wanted.delete(portKey(forward));
      throw error;
    }
  }

  async remove(forward: GuestForward): Promise<void> {
    if (!this.#wanted.delete(portKey(forward))) return;
    this.#isReplaced = true;
    await this.#change();
  }

  /** Whether none of a bulkheadd before this one is at this port. */
  isFree(guestPort: number): boolean {
    return !this.#left.has(`tcp/${guestPort}`) && !this.#left.has(`udp/${guestPort}`);
  }

  /** Looks once what is there already; to be waited for before anything else is asked. Rejects when the firewall can't be set up; a later call tries again. */
  async open(): Promise<void> {
    this.#opened ??= this.#open();
    try {
      await this.#opened;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { exec, clock, log } = this.#parts;
    const listing = await askNat(exec, ['-S', chain]);
    if (listing === undefined) {
      await restoreRules(exec, foundation(this.#side));
      return;
    }
    this.#left = parseForwards(listing);
    void clock.sleep(returnMs).then(async () => {
      this.#left = new Map();
      this.#isReplaced = true;
      await this.#change().catch((error: unknown) => {
        log.warn({ err: error }, 'forwards to containers that are gone could not be taken away');
      });
    });
  }

  /** All who come before a change has begun share it. */
  #change(): Promise<void> {
    this.#next ??= this.#last.then(() => this.#apply());
    this.#last = this.#next.catch(() => undefined);
    return this.#next;
  }

  async #apply(): Promise<void> {
    this.#next = undefined;
    const all = new Map([...this.#left, ...this.#wanted]);
    const rules = this.#isReplaced ? replacement([...all.values()]) : additions(this.#added);
    this.#added = [];
    this.#isReplaced = false;
    try {
      await restoreRules(this.#parts.exec, rules);
    } catch (error) {
      // What the kernel has is no longer known.
      this.#isReplaced = true;
      throw error;
    }
  }
}
