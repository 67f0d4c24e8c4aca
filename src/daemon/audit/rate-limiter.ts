import type { Clock } from '../../common/clock.js';

/** So many at once, and so many a minute after that. */
export interface Rate {
  readonly burst: number;
  readonly perMinute: number;
}

/** What each kind may have. */
export interface Budget extends Rate {
  /** What all kinds that name it may have together, beyond the first of each. Threat: inventing kinds. */
  readonly together?: Rate;
  /** How many of a kind do not count there. */
  readonly first?: Rate;
}

/** `left` was true at this time of the clock. */
interface Tokens {
  left: number;
  at: number;
}

interface Bucket<Kind> extends Tokens {
  readonly kind: Kind;
  readonly first: Tokens;
  readonly budget: Budget;
  suppressed: number;
}

/** Kinds that take the room for kinds from each other, and from none of another group. */
interface Group<Kind> {
  readonly buckets: Map<string, Bucket<Kind>>;
  /** Of kinds beyond, one for each budget. */
  readonly shared: Map<Budget, Bucket<undefined>>;
}

export interface Suppressed<Kind> {
  /** Largest first. */
  readonly kinds: readonly { readonly kind: Kind; readonly count: number }[];
  readonly others: number;
}

/** Kinds of a group that have a budget of their own at a time; those beyond share one, so that inventing kinds gives nobody more. */
const mostKinds = 256;
/** Kinds told apart in one account of what was suppressed. */
const mostTold = 32;

/**
 * Lets so many events of each kind through and counts the rest (a token bucket for each kind). Threat: whoever repeats one thing a million
 * times would fill the log and push out of it, or out of the sight of its reader, the one thing that matters.
 */
export class RateLimiter<Kind> {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #groups = new Map<string, Group<Kind>>();
  readonly #together = new Map<Rate, Tokens>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /**
   * Whether one more event of a kind may pass; counted as suppressed if not.
   *
   * @param group of few; @param key names the kind within it; @param kind is what the account says of it; @param budget the same for the same key.
   */
  admits(group: string, key: string, kind: Kind, budget: Budget): boolean {
    return this.#takeFrom(this.#bucketOf(group, key, kind, budget));
  }

  /** What was suppressed since the last account; undefined when nothing was. */
  account(): Suppressed<Kind> | undefined {
    const groups = [...this.#groups.values()];
    const held = groups
      .flatMap(({ buckets }) => [...buckets.values()])
      .filter(({ suppressed }) => suppressed > 0);
    held.sort((a, b) => b.suppressed - a.suppressed);
    const beyond = [...held.slice(mostTold), ...groups.flatMap(({ shared }) => [...shared.values()])];
    const others = beyond.reduce((sum, { suppressed }) => sum + suppressed, 0);
    const kinds = held.slice(0, mostTold).map(({ kind, suppressed }) => ({ kind, count: suppressed }));
    for (const bucket of [...held, ...beyond]) bucket.suppressed = 0;
    return kinds.length === 0 && others === 0 ? undefined : { kinds, others };
  }

  #bucketOf(name: string, key: string, kind: Kind, budget: Budget): Bucket<Kind> | Bucket<undefined> {
    const { buckets, shared }: Group<Kind> = this.#groups.get(name) ?? {
      buckets: new Map(),
      shared: new Map(),
    };
    this.#groups.set(name, { buckets, shared });
    const known = buckets.get(key);
    if (known !== undefined) return known;
    if (buckets.size >= mostKinds) this.#forgetIdle(buckets);
    if (buckets.size < mostKinds) {
      const made = this.#full(kind, budget);
      buckets.set(key, made);
      return made;
    }
    const one = shared.get(budget) ?? this.#full(undefined, budget);
    shared.set(budget, one);
    return one;
  }

  #full<K>(kind: K, budget: Budget): Bucket<K> {
    const at = this.#clock.now();
    return {
      kind,
      left: budget.burst,
      at,
      first: { left: budget.first?.burst ?? 0, at },
      budget,
      suppressed: 0,
    };
  }

  #takeFrom(bucket: Bucket<Kind> | Bucket<undefined>): boolean {
    this.#refill(bucket, bucket.budget);
    if (bucket.left >= 1 && this.#takeTogether(bucket)) {
      bucket.left -= 1;
      return true;
    }
    bucket.suppressed += 1;
    return false;
  }

  #takeTogether({ budget: { first, together }, first: own }: Bucket<Kind> | Bucket<undefined>): boolean {
    if (together === undefined) return true;
    if (first !== undefined && this.#take(own, first)) return true;
    const all = this.#together.get(together) ?? { left: together.burst, at: this.#clock.now() };
    this.#together.set(together, all);
    return this.#take(all, together);
  }

  #take(tokens: Tokens, rate: Rate): boolean {
    this.#refill(tokens, rate);
    if (tokens.left < 1) return false;
    tokens.left -= 1;
    return true;
  }

  #refill(tokens: Tokens, { burst, perMinute }: Rate): void {
    const now = this.#clock.now();
    tokens.left = Math.min(burst, tokens.left + ((now - tokens.at) / 60_000) * perMinute);
    tokens.at = now;
  }

  /** One that is full again and has nothing to account for is as good as a new one. */
  #forgetIdle(buckets: Group<Kind>['buckets']): void {
    for (const [key, bucket] of buckets) {
      this.#refill(bucket, bucket.budget);
      if (bucket.suppressed === 0 && bucket.left >= bucket.budget.burst) buckets.delete(key);
    }
  }
}
