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
 * counts as one. Places are of the container and not of its range: a connection can be passed on and outlive it, and whoever has the range next has not taken that place.
 */
export class AgentPlaces {
  readonly #containerOf: (uid: number) => string | undefined;
  readonly #limits: PlaceLimits;
  readonly #taken = new Map<string | undefined, number>();
  #all = 0;

  /** @param containerOf whose range an id is in now. */
  constructor(
    containerOf: (uid: number) => string | undefined,
    limits: PlaceLimits = { all: mostAgentRequests, each: mostOfContainer },
  ) {
    this.#containerOf = containerOf;
    this.#limits = limits;
  }

  /** The way to give it back, once; undefined where there is none for this one. */
  take(uid: number): (() => void) | undefined {
    const container = this.#containerOf(uid);
    const taken = this.#taken.get(container) ?? 0;
    if (taken >= this.#limits.each || this.#all >= this.#limits.all) return undefined;
    this.#taken.set(container, taken + 1);
    this.#all += 1;
    return () => {
      const left = (this.#taken.get(container) ?? 1) - 1;
      if (left === 0) this.#taken.delete(container);
      else this.#taken.set(container, left);
      this.#all -= 1;
    };
  }
}
