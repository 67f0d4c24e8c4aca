import { mostPublished } from '../../common/ports.js';

const first = 1024;
const count = 65_536 - first;

/**
 * The ports of the VM's own address that the host leads connections to. Given out in a circle, and begun somewhere: one that was just given back is the last
 * to be used again. Threat: what the host leads there a moment too long reaches a stranger's container.
 */
export class GuestPorts {
  readonly #held = new Set<number>();
  #next: number;

  constructor(begin: number) {
    this.#next = begin % count;
  }

  /** @param wanted 0 for any. Undefined when it is taken, or there are as many as there may be. */
  take(wanted: number, isFree: (port: number) => boolean = () => true): number | undefined {
    if (this.#held.size >= mostPublished) return undefined;
    if (wanted !== 0) return this.#hold(wanted);
    for (let tried = 0; tried < count; tried++) {
      const port = first + this.#next;
      this.#next = (this.#next + 1) % count;
      if (!this.#held.has(port) && isFree(port)) return this.#hold(port);
    }
    return undefined;
  }

  give(port: number): void {
    this.#held.delete(port);
  }

  get full(): boolean {
    return this.#held.size >= mostPublished;
  }

  #hold(port: number): number | undefined {
    if (port < first || this.#held.has(port)) return undefined;
    this.#held.add(port);
    return port;
  }
}
