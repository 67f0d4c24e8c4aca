import type { Clock } from '../../common/clock.js';

/** So many at once, and so many a minute after that. */
export interface Budget {
  readonly burst: number;
  readonly perMinute: number;
}

interface Bucket<Kind> {
  readonly kind: Kind;
  left: number;
  /** Of the clock, when `left` was true. */
  at: number;
  readonly budget: Budget;
  suppressed: number;
}

export interface Suppressed<Kind> {
  /** Largest first. */
  readonly kinds: readonly { readonly kind: Kind; readonly count: number }[];
  readonly others: number;
}

/** Kinds that have a budget of their own at a time; those beyond share one, so that inventing kinds gives nobody more. */
const mostKinds = 256;
/** Kinds told apart in one account of what was suppressed. */
const mostTold = 32;

/**
 * Lets so many events of each kind through and counts the rest (a token bucket for each kind). Threat: whoever repeats one thing a million
 * times would fill the log and push out of it, or out of the sight of its reader, the one thing that matters.
 */
export class RateLimiter<Kind> {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #buckets = new Map<string, Bucket<Kind>>();
  /** Of kinds beyond, one for each budget. */
  readonly #shared = new Map<Budget, Bucket<undefined>>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /**
   * Whether one more event of a kind may pass; counted as suppressed if not.
   *
   * @param key names the kind; @param kind is what the account says of it; @param budget the same for the same key.
   */
  admits(key: string, kind: Kind, budget: Budget): boolean {
    return this.#takeFrom(this.#bucketOf(key, kind, budget));
  }

  /** What was suppressed since the last account; undefined when nothing was. */
  account(): Suppressed<Kind> | undefined {
    const held = [...this.#buckets.values()].filter(({ suppressed }) => suppressed > 0);
    held.sort((a, b) => b.suppressed - a.suppressed);
    const beyond = [...held.slice(mostTold), ...this.#shared.values()];
    const others = beyond.reduce((sum, { suppressed }) => sum + suppressed, 0);
    const kinds = held.slice(0, mostTold).map(({ kind, suppressed }) => ({ kind, count: suppressed }));
    for (const bucket of [...held, ...beyond]) bucket.suppressed = 0;
    return kinds.length === 0 && others === 0 ? undefined : { kinds, others };
  }

  #bucketOf(key: string, kind: Kind, budget: Budget): Bucket<Kind> | Bucket<undefined> {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= mostKinds) this.#forgetIdle();
    if (this.#buckets.size < mostKinds) {
      const made = this.#full(kind, budget);
      this.#buckets.set(key, made);
      return made;
    }
    const shared = this.#shared.get(budget) ?? this.#full(undefined, budget);
    this.#shared.set(budget, shared);
    return shared;
  }

  #full<K>(kind: K, budget: Budget): Bucket<K> {
    return { kind, left: budget.burst, at: this.#clock.now(), budget, suppressed: 0 };
  }

  #takeFrom(bucket: Bucket<Kind> | Bucket<undefined>): boolean {
    this.#refill(bucket);
    if (bucket.left < 1) {
      bucket.suppressed += 1;
      return false;
    }
    bucket.left -= 1;
    return true;
  }

  #refill(bucket: Bucket<Kind> | Bucket<undefined>): void {
    const now = this.#clock.now();
    const { burst, perMinute } = bucket.budget;
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 60_000) * perMinute);
    bucket.at = now;
  }

  /** One that is full again and has nothing to account for is as good as a new one. */
  #forgetIdle(): void {
    for (const [key, bucket] of this.#buckets) {
      this.#refill(bucket);
      if (bucket.suppressed === 0 && bucket.left >= bucket.budget.burst) this.#buckets.delete(key);
    }
  }
}
