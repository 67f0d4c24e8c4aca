import { performance } from 'node:perf_hooks';

/** One line of the result table. */
export interface BenchmarkRow {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN, sorted[middle] ?? Number.NaN];
  return (low + high) / 2;
}

/** @param part 0.99 gives the smallest value that 99 of 100 do not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export interface PairResult {
  readonly a: number;
  readonly b: number;
  /** Median of the differences a - b of each pair, milliseconds. */
  readonly difference: number;
  /** The fastest a without the fastest b: what is left when the machine does nothing else. */
  readonly leastDifference: number;
  /** Median of the ratios a/b of each pair: load that comes and goes falls on both halves of a pair. */
  readonly ratio: number;
}

/** Runs two pieces of work in alternating order, `count` pairs; milliseconds. The first pair warms up and is not counted. */
export async function pairs(
  count: number,
  a: () => Promise<unknown>,
  b: () => Promise<unknown>,
): Promise<PairResult> {
  return alternate(
    count,
    async () => milliseconds(a),
    async () => milliseconds(b),
  );
}

/** As `pairs`, of work that gives its own milliseconds. */
export async function alternate(
  count: number,
  a: () => Promise<number>,
  b: () => Promise<number>,
): Promise<PairResult> {
  const times: [number, number][] = [];
  for (let round = 0; round <= count; round += 1) {
    const first = round % 2 === 0;
    const x = await (first ? a : b)();
    const y = await (first ? b : a)();
    if (round > 0) times.push(first ? [x, y] : [y, x]);
  }
  return {
    a: median(times.map(([time]) => time)),
    b: median(times.map(([, time]) => time)),
    difference: median(times.map(([x, y]) => x - y)),
    leastDifference: Math.min(...times.map(([time]) => time)) - Math.min(...times.map(([, time]) => time)),
    ratio: median(times.map(([x, y]) => x / y)),
  };
}
