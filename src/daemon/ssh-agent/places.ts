import { mostAgentRequests } from '../../common/ssh-agent/index.js';

/** Of all places those one container may have, so that others find some: with four that take all they can there are none left. */
export const mostOfContainer = mostAgentRequests / 4;

/** How many may ask at once. */
export interface PlaceLimits {
  readonly all: number;
  readonly each: number;
}

/**
 * The places at the agent, one for each connection until it is closed and what was asked by it is answered. Threat: one container opens connections and keeps them, or has a person asked for one
 * signature after the other and does not wait, and no other container has an agent.
 *
 * Who asks is known by the user id of the process that connected: the range it is in is of one container, and of those that join its user namespace. Whoever is in none, root of the VM for one,
 * counts as one.
 */
export class AgentPlaces {
  readonly #rangeOf: (uid: number) => number | undefined;
  readonly #limits: PlaceLimits;
  readonly #taken = new Map<number | undefined, number>();
  #all = 0;

  /** @param rangeOf the first id of the range an id is in. */
  constructor(
    rangeOf: (uid: number) => number | undefined,
    limits: PlaceLimits = { all: mostAgentRequests, each: mostOfContainer },
  ) {
    this.#rangeOf = rangeOf;
    this.#limits = limits;
  }

  /** The way to give it back, once; undefined where there is none for this one. */
  take(uid: number): (() => void) | undefined {
    const range = this.#rangeOf(uid);
    const taken = this.#taken.get(range) ?? 0;
    if (taken >= this.#limits.each || this.#all >= this.#limits.all) return undefined;
    this.#taken.set(range, taken + 1);
    this.#all += 1;
    return () => {
      const left = (this.#taken.get(range) ?? 1) - 1;
      if (left === 0) this.#taken.delete(range);
      else this.#taken.set(range, left);
      this.#all -= 1;
    };
  }
}
