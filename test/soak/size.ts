/** How much the soak tests do: a few minutes' worth in `make test`, everything with `make soak`. */
export interface SoakSize {
  readonly cycles: number;
  readonly live: number;
  /** Creates under kill -9, in rounds of `createsPerRound` with one kill each. */
  readonly killedCreates: number;
}

const bounded: SoakSize = { cycles: 150, live: 16, killedCreates: 40 };
const full: SoakSize = { cycles: 5000, live: 64, killedCreates: 500 };

export const createsPerRound = 8;

/** `BULKHEAD_SOAK` is `full`, or some of `cycles=…,live=…,creates=…`. Anything else is refused. */
export function soakSize(text = process.env['BULKHEAD_SOAK'] ?? ''): SoakSize {
  if (text === '') return bounded;
  if (text === 'full') return full;
  const size = { ...bounded };
  for (const part of text.split(',')) {
    const [, key, digits] = /^(cycles|live|creates)=([1-9]\d{0,5})$/.exec(part) ?? [];
    const count = Number(digits);
    if (key === 'cycles') Object.assign(size, { cycles: count });
    else if (key === 'live') Object.assign(size, { live: count });
    else if (key === 'creates') Object.assign(size, { killedCreates: count });
    else throw new Error(`BULKHEAD_SOAK: not understood: ${part}`);
  }
  return size;
}

/** The seed of a run: `BULKHEAD_SOAK_SEED`, else a new one. Printed, so that a failure can be tried again. */
export function soakSeed(): number {
  const given = process.env['BULKHEAD_SOAK_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`BULKHEAD_SOAK_SEED: not an integer: ${given}`);
  console.log(`BULKHEAD_SOAK_SEED=${seed}`);
  return seed;
}

/** mulberry32: a small generator whose sequence the seed decides. @returns a function that gives numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
