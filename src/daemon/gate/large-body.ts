import type { BodyPlace } from '../../gate/http/body-reader.js';

/** Bytes of one body within a window after which it counts as large, and what must be left of it, where that is known. */
const large = 1 << 20;

/** Milliseconds. `docker events` and followed logs get over any size with time, and are no work. */
const windowMs = 1000;

/** Of one body. A pump that soon gives a body back is of no use to it; a client may send the framing of each chunk in pieces. */
const mostTimes = 16;

/** Decides when a body is worth a process of its own, which takes some milliseconds to start. */
export class LargeBody {
  #begun = Number.NEGATIVE_INFINITY;
  #passed = 0;
  #times = 0;

  /** @param now milliseconds of a clock that never goes back. */
  isLarge(length: number, place: BodyPlace | undefined, now: number): boolean {
    if (now - this.#begun > windowMs) {
      this.#begun = now;
      this.#passed = 0;
    }
    this.#passed += length;
    if (this.#passed < large || this.#times === mostTimes) return false;
    if (place?.at === 'counted' && place.left < large) return false;
    this.#passed = 0;
    this.#times += 1;
    return true;
  }
}
