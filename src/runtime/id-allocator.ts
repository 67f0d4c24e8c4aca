import { messageOf } from '../common/cause.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { IdRange } from '../isolation/plan.js';
import { type Cursor, defaultLimits, nextFit, type PoolLimits } from './id-pool.js';
import { type Holder, type Lease, parseCursor, parseLease, sameContainer } from './lease.js';

/** Small files of one directory. All calls are synchronous: a range must be on record before another is chosen. */
export interface LeaseStore {
  /** Name and content of each file. */
  readAll(): readonly (readonly [name: string, text: string])[];
  /** Replaces the whole file at once, so that a crash leaves the old or the new content. */
  write(name: string, text: string): void;
  remove(name: string): void;
}

/** What tells whether ids are still in use. */
export interface IdUseProbe {
  /** Whether runc's state directory of the container exists. */
  hasState(holder: Holder): boolean;
  /** Whether the process that creates the container still runs. */
  isCreating(holder: Holder): boolean;
  /** Of every process at least one user id it runs with, in ascending order. All its others are in the same range. */
  idsOfProcesses(): Promise<readonly number[]>;
}

const cursorName = 'cursor';
const leaseName = (base: number) => `${base}.json`;

/**
 * Gives every container a range of ids of its own. A range is free again only when the runtime's state of all its
 * holders is gone, and the processes that created them are, and no process runs with one of its ids: ids that come back too early
 * would give a new container the files, keys and signals of an old one.
 */
export class IdAllocator {
  readonly #store: LeaseStore;
  readonly #probe: IdUseProbe;
  readonly #limits: PoolLimits;
  readonly #freed: (holder: Holder) => void;
  readonly #leases = new Map<number, Lease>();
  /** First id of each slot that is held → base of its lease. */
  readonly #slots = new Map<number, number>();
  #cursor: Cursor;

  /**
   * Takes up what an earlier daemon of this boot recorded.
   *
   * @param freed is told of each holder of a range that was given back, which may hold another one.
   */
  constructor(
    store: LeaseStore,
    probe: IdUseProbe,
    limits: PoolLimits = defaultLimits,
    freed: (holder: Holder) => void = () => undefined,
  ) {
    this.#freed = freed;
    this.#store = store;
    this.#probe = probe;
    this.#limits = limits;
    const files = store.readAll();
    const recorded = files.find(([name]) => name === cursorName);
    const cursor = recorded === undefined ? undefined : parseCursor(recorded[1]);
    // Without a cursor only an empty directory proves that this is a fresh boot and no id was used yet.
    this.#cursor = cursor ?? { next: limits.first, wrapped: files.length > 0 };
    for (const [name, text] of files) if (name !== cursorName) this.#load(name, text);
  }

  get leases(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  /** The container whose range in use has this id, by a name of its own: whoever has that range later has another. Those that join it are taken for it. */
  ownerOf(id: number): string | undefined {
    const owner = this.leases.find(({ base, size }) => id >= base && id < base + size)?.holders[0];
    return owner === undefined ? undefined : `${owner.runtimeRoot}/${owner.containerId}`;
  }

  /**
   * Leases a range nobody else has, on record before it returns.
   *
   * @param count ids wanted; rounded up to whole slots.
   * @throws BulkheadError `BH_RUNTIME_IDS_EXHAUSTED`, `BH_RUNTIME_IDS_STATE`.
   */
  async acquire(count: number, holder: Holder): Promise<IdRange> {
    const lease = (await this.#tryAcquire(count, holder)) ?? (await this.#retry(count, holder));
    if (lease !== undefined) return { base: lease.base, size: lease.size };
    throw new BulkheadError('BH_RUNTIME_IDS_EXHAUSTED', { size: count, held: this.#leases.size });
  }

  /**
   * Makes a container a further holder of a range, because it joins a user namespace that has it.
   *
   * @throws BulkheadError `BH_RUNTIME_IDS_GONE` when no live container holds it, `BH_RUNTIME_IDS_STATE`.
   */
  share(base: number, holder: Holder): void {
    const lease = this.#leases.get(base);
    if (lease === undefined || !lease.holders.some((held) => this.#isLive(held)))
      throw new BulkheadError('BH_RUNTIME_IDS_GONE', { base });
    this.#record({ ...lease, holders: [...lease.holders, holder] });
  }

  /** Takes one holder away that never got its plan. The range is free at once when it was the only one. */
  abandon(base: number, holder: Holder): void {
    const lease = this.#leases.get(base);
    if (lease === undefined) return;
    const holders = lease.holders.filter(
      (held) =>
        !(
          sameContainer(held, holder) &&
          held.pid === holder.pid &&
          held.pidStartTime === holder.pidStartTime
        ),
    );
    if (holders.length > 0) this.#record({ ...lease, holders });
    else this.#free(lease);
  }

  /**
   * Frees every range that has no live holder and no process.
   *
   * @returns how many ranges have ended but are not free yet: worth another look soon.
   */
  async sweep(): Promise<number> {
    if (this.leases.some((lease) => this.#hasEnded(lease))) {
      const ids = await this.#probe.idsOfProcesses();
      // Asked again, because the world went on while the processes were listed.
      for (const lease of this.leases)
        if (this.#hasEnded(lease) && !holdsAny(ids, lease.base, lease.size)) this.#free(lease);
    }
    for (const lease of this.leases) if (!this.#hasEnded(lease)) this.#forgetEnded(lease);
    return this.#endingCount();
  }

  /**
   * Takes away those who joined a range and have ended, and all but the last start of each. Threat: a container that lives on, joined again and again
   * (a build step to the builder's network, `--restart` to what it shares), would have a record that only grows, written anew at each start. The first
   * holder stays: it is the one whose files in the engine those who join are shown.
   */
  #forgetEnded(lease: Lease): void {
    const [owner, ...joined] = lease.holders;
    // One that is still being made may be abandoned, and then the earlier one counts again.
    const isSuperseded = (holder: Holder, at: number) =>
      joined.slice(at + 1).some((later) => sameContainer(later, holder) && !this.#probe.isCreating(later));
    const kept = joined.filter((holder, at) => this.#isLive(holder) && !isSuperseded(holder, at));
    if (owner === undefined || kept.length === joined.length) return;
    this.#record({ ...lease, holders: [owner, ...kept] });
    for (const holder of joined) if (!kept.some((other) => sameContainer(other, holder))) this.#freed(holder);
  }

  /** Ranges whose state is gone while something else still holds them. */
  #endingCount(): number {
    return this.leases.filter((lease) => !lease.holders.some((holder) => this.#probe.hasState(holder)))
      .length;
  }

  async #retry(count: number, holder: Holder): Promise<Lease | undefined> {
    await this.sweep();
    return this.#tryAcquire(count, holder);
  }

  async #tryAcquire(count: number, holder: Holder): Promise<Lease | undefined> {
    const ids = this.#cursor.wrapped ? await this.#probe.idsOfProcesses() : undefined;
    // From here to the record nothing is awaited, so two containers can never choose the same slots.
    const isFree = (used: readonly number[]) => (base: number) =>
      !this.#slots.has(base) && !holdsAny(used, base, this.#limits.slot);
    const fit = nextFit(this.#limits, this.#cursor, count, isFree(ids ?? []));
    if (fit === undefined) return undefined;
    if (fit.cursor.wrapped && ids === undefined) {
      // The search came round just now: choose again, with a look at the processes.
      this.#cursor = { ...this.#cursor, wrapped: true };
      return this.#tryAcquire(count, holder);
    }
    this.#writeFile(cursorName, fit.cursor);
    this.#cursor = fit.cursor;
    const lease = { ...fit.range, holders: [holder] };
    this.#record(lease);
    return lease;
  }

  #load(name: string, text: string): void {
    const lease = parseLease(text);
    if (lease !== undefined && leaseName(lease.base) === name) return this.#remember(lease);
    // Somebody may run with these ids and nobody can say who: the slot is not given again until the next boot.
    this.#cursor = { ...this.#cursor, wrapped: true };
    const base = Number(/^(\d+)\.json$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isSafeInteger(base)) this.#slots.set(base, base);
  }

  #isLive(holder: Holder): boolean {
    return this.#probe.hasState(holder) || this.#probe.isCreating(holder);
  }

  #hasEnded(lease: Lease): boolean {
    return !lease.holders.some((holder) => this.#isLive(holder));
  }

  #record(lease: Lease): void {
    this.#writeFile(leaseName(lease.base), lease);
    this.#remember(lease);
  }

  #remember(lease: Lease): void {
    this.#leases.set(lease.base, lease);
    for (const slot of this.#slotsOf(lease)) this.#slots.set(slot, lease.base);
  }

  #free(lease: Lease): void {
    this.#store.remove(leaseName(lease.base));
    this.#leases.delete(lease.base);
    for (const slot of this.#slotsOf(lease)) this.#slots.delete(slot);
    for (const holder of lease.holders) this.#freed(holder);
  }

  #slotsOf(range: IdRange): number[] {
    const count = Math.ceil(range.size / this.#limits.slot);
    return Array.from({ length: count }, (_, index) => range.base + index * this.#limits.slot);
  }

  #writeFile(name: string, content: Lease | Cursor): void {
    try {
      this.#store.write(name, JSON.stringify(content));
    } catch (error) {
      const reason = messageOf(error);
      throw new BulkheadError('BH_RUNTIME_IDS_STATE', { reason }, { cause: error });
    }
  }
}

/** Whether a sorted list has a number in [base, base + size). */
function holdsAny(sorted: readonly number[], base: number, size: number): boolean {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Number.POSITIVE_INFINITY) < base) low = middle + 1;
    else high = middle;
  }
  return (sorted[low] ?? Number.POSITIVE_INFINITY) < base + size;
}
