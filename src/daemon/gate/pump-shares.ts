/** At once; each is a process with a pipe of 1 MiB. Beyond, bulkheadd copies. */
const mostPumps = 64;

/**
 * Shares out pumps among those who call the engine: nobody may have more than are left for the others. Threat: a container with a Docker socket that begins as many
 * large bodies as it likes would leave the bodies of all others to bulkheadd, which they then keep busy.
 */
export class PumpShares {
  readonly #held = new Map<string, number>();
  #free: number;

  constructor(most = mostPumps) {
    this.#free = most;
  }

  /** The way to give it back, once; undefined when there is none for this holder. */
  take(holder: string): (() => void) | undefined {
    const held = this.#held.get(holder) ?? 0;
    if (held >= this.#free) return undefined;
    this.#held.set(holder, held + 1);
    this.#free -= 1;
    return () => {
      this.#free += 1;
      const left = (this.#held.get(holder) ?? 1) - 1;
      if (left > 0) this.#held.set(holder, left);
      else this.#held.delete(holder);
    };
  }
}
