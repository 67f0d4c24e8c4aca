import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Caller } from '../../gate/caller.js';

/** Bytes of memory that bodies may take which are read, parsed and judged at one moment. */
export interface BodyLimits {
  readonly developer: number;
  readonly container: number;
  readonly containers: number;
}

const mib = 1 << 20;
const usual: BodyLimits = { developer: 256 * mib, container: 96 * mib, containers: 192 * mib };

/** For each byte: the body itself, with the room it grows into, its text, what was parsed and what is written anew. */
const perByte = 6;
/** For each value: `{}` is an object and a map. */
const perValue = 300;

/** What the bodies of one request take. Gives it back when disposed of. */
export interface BodyClaim extends Disposable {
  /** Bytes that are to be held. Throws `BH_GATE_BUSY`. */
  bytes(count: number): void;
  /** That it is to be parsed. Throws likewise. */
  parsed(body: Buffer): void;
}

/**
 * Memory for JSON bodies, by who sends them. Threat: a body may have 4 MiB, and each of any number of connections one; a container with a Docker
 * socket of its own would take all memory of bulkheadd. Refused rather than put off: whoever waited would hold what has come already, and a body that
 * comes slowly would keep everybody waiting. Containers have a share of their own together, so they keep the developer out of nothing.
 */
export class BodyBudget {
  readonly #limits: BodyLimits;
  readonly #held = new Map<string, number>();

  constructor(limits: BodyLimits = usual) {
    this.#limits = limits;
  }

  claim(caller: Caller): BodyClaim {
    let taken = 0;
    const take = (bytes: number): void => {
      this.#take(caller, bytes);
      taken += bytes;
    };
    return {
      bytes: (count) => {
        take(count * perByte);
      },
      parsed: (body) => {
        take(valuesIn(body) * perValue);
      },
      [Symbol.dispose]: () => {
        for (const [share] of this.#sharesOf(caller)) this.#hold(share, -taken);
        taken = 0;
      },
    };
  }

  #take(caller: Caller, bytes: number): void {
    const shares = this.#sharesOf(caller);
    for (const [share, limit] of shares)
      if ((this.#held.get(share) ?? 0) + bytes > limit)
        throw new BulkheadError('BH_GATE_BUSY', { whose: share, limit: Math.round(limit / mib) });
    for (const [share] of shares) this.#hold(share, bytes);
  }

  #hold(share: string, bytes: number): void {
    const held = (this.#held.get(share) ?? 0) + bytes;
    if (held === 0) this.#held.delete(share);
    else this.#held.set(share, held);
  }

  #sharesOf(caller: Caller): readonly (readonly [share: string, limit: number])[] {
    const { developer, container, containers } = this.#limits;
    if (caller.kind === 'developer') return [['the developer', developer]];
    return [
      [`the container ${caller.id.slice(0, 12)}`, container],
      ['all containers', containers],
    ];
  }
}

/** What begins or separates values, as src/gate/engine-json.ts counts it. */
function valuesIn(body: Buffer): number {
  let count = 1;
  for (const byte of body) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count += 1;
  return count;
}
