/**
 * How many connections and peers the relays of a controller have together. They outlive the port they came by, so a limit for each port alone could be gone round by
 * a guest that publishes, releases and publishes again.
 */
export class Places {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get areTaken(): boolean {
    return this.#taken >= this.#most;
  }

  /** Whether there was one left, which is the caller's then. */
  take(): boolean {
    if (this.areTaken) return false;
    this.#taken += 1;
    return true;
  }

  giveBack(): void {
    this.#taken -= 1;
  }
}

/** Each is two descriptors at the most, of which Linux gives a process 4,096 unless an administrator says otherwise. */
export const mostRelayed = 1536;
