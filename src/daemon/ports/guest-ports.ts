import { mostOfContainer, mostPublished } from '../../common/ports.js';

const first = 1024;
const count = 65_536 - first;

/**
 * The ports of the VM's own address that the host leads connections to. Given out in a circle, and begun somewhere: one that was just given back is the last
 * to be used again. Threat: what the host leads there a moment too long reaches a stranger's container.
 */
export class GuestPorts {
  /** The address of the container each leads to. */
  readonly #held = new Map<number, string>();
  #next: number;

  constructor(begin: number) {
    this.#next = begin % count;
  }

  /** @param wanted 0 for any. Undefined when it is taken. */
  take(
    wanted: number,
    container: string,
    isFree: (port: number) => boolean = () => true,
  ): number | undefined {
    if (wanted !== 0) return this.#hold(wanted, container);
    for (let tried = 0; tried < count; tried++) {
      const port = first + this.#next;
      this.#next = (this.#next + 1) % count;
      if (!this.#held.has(port) && isFree(port)) return this.#hold(port, container);
    }
    return undefined;
  }

  give(port: number): void {
    this.#held.delete(port);
  }

  /** Why there is none for this container, whatever port it asks for. */
  refusalOf(container: string): string | undefined {
    if (this.#held.size >= mostPublished)
      return `there are ${mostPublished} published ports already, as many as there may be at once`;
    const own = [...this.#held.values()].filter((holder) => holder === container).length;
    if (own < mostOfContainer) return undefined;
    return `the container has ${own} published ports already, as many as one may have, so that others can have some (one for every address of the host counts twice, by IPv4 and by IPv6)`;
  }

  #hold(port: number, container: string): number | undefined {
    if (port < first || this.#held.has(port)) return undefined;
    this.#held.set(port, container);
    return port;
  }
}
