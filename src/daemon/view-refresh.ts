import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { JoinHooks } from '../channel/index.js';
import { enginePaths } from './engine-facts.js';

const program = '/usr/lib/bulkhead/refresh-views';
const run = promisify(execFile);

/** Drops the stale names of running containers' files on both sides; see refresh-views.c for what and why. About 4 ms. */
export async function refreshViews(): Promise<void> {
  await run(program, [`${enginePaths.dataRoot}/overlay2`], { timeout: 10_000 });
}

/** Requests whose answer depends on the engine's own view of a container's files. */
const reading = /^(?:GET|HEAD|PUT) (?:\/v[\d.]+)?\/containers\/[^/ ]+\/(?:archive|changes|export)[ ?]/;
const writing = /^PUT /;
const longestStart = 512;

export type FreshViewNeed = 'none' | 'before' | 'before-and-after';

/**
 * Whether a piece of a client's bytes begins a request that needs fresh views. Only a hint: HTTP clients begin a request
 * with a write of its own, and a piece that merely looks like one costs a few milliseconds. Nothing is decided on it.
 */
export function freshViewNeed(chunk: Buffer): FreshViewNeed {
  const start = chunk.toString('latin1', 0, longestStart);
  if (!reading.test(start)) return 'none';
  return writing.test(start) ? 'before-and-after' : 'before';
}

/** For one client connection: fresh views before a reading request goes on, and before the answer to a writing one comes back. */
export function freshViewHooks(refresh: () => Promise<void>): JoinHooks {
  let refreshOnAnswer = false;
  return {
    fromA(chunk) {
      const need = freshViewNeed(chunk);
      if (need === 'none') return undefined;
      refreshOnAnswer = need === 'before-and-after';
      return refresh();
    },
    fromB() {
      if (!refreshOnAnswer) return undefined;
      refreshOnAnswer = false;
      return refresh();
    },
  };
}
