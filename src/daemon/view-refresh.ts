import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { JoinHooks } from '../channel/index.js';
import { enginePaths } from './engine-facts.js';

const program = '/usr/lib/bulkhead/refresh-views';
const run = promisify(execFile);

/** Which container's files the engine is about to read, or to write in a directory. */
export interface ViewTarget {
  /** As the client named it: a name, an id or the beginning of one. */
  readonly container: string;
  /** The directory written to; empty when none is. */
  readonly path: string;
}

/** @param target what the engine will copy up there is made known to the container's own overlay first. */
export type RefreshViews = (target?: ViewTarget) => Promise<void>;

/** A container whose root is its own FUSE mount holds the helper for as long as it likes. */
const longestMs = 10_000;

/**
 * Drops the stale names of running containers' files on both sides; see refresh-views.c for what and why. About 4 ms.
 * Rejects after 10 s even if the helper can't be killed: execFile's own `timeout` would go on waiting for its end.
 *
 * @param pidOf process id of a running container's init, undefined when it does not run.
 */
export function createRefreshViews(pidOf: (container: string) => Promise<number | undefined>): RefreshViews {
  return async (target) => {
    const pid = target === undefined ? undefined : await pidOf(target.container);
    const writing = target === undefined || pid === undefined ? [] : [String(pid), target.path];
    await run(program, [enginePaths.dataRoot, ...writing], {
      signal: AbortSignal.timeout(longestMs),
      killSignal: 'SIGKILL',
    });
  };
}

/** Requests whose answer depends on the engine's own view of a container's files. */
const reading = /^(?:GET|HEAD|PUT) (?:\/v[\d.]+)?\/containers\/[^/ ]+\/(?:archive|changes|export)[ ?]/;
const writing = /^PUT /;
const longestStart = 6000;

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

const archiveOf = /^(GET|HEAD|PUT) (?:\/v[\d.]+)?\/containers\/([^/ ]+)\/archive\?([^ ]*) /;

/** What a request that copies files out of or into a container names; undefined when that cannot be told. */
export function viewTarget(chunk: Buffer): ViewTarget | undefined {
  const [, method, name = '', query = ''] = archiveOf.exec(chunk.toString('latin1', 0, longestStart)) ?? [];
  const path = new URLSearchParams(query).get('path') ?? '';
  if (name === '' || path === '' || path.includes('\0')) return undefined;
  try {
    return { container: decodeURIComponent(name), path: method === 'PUT' ? path : '' };
  } catch {
    return undefined;
  }
}

/** For one client connection: fresh views before a reading request goes on, and before the answer to a writing one comes back. */
export function freshViewHooks(refresh: RefreshViews): JoinHooks {
  let refreshOnAnswer = false;
  return {
    fromA(chunk) {
      const need = freshViewNeed(chunk);
      if (need === 'none') return undefined;
      refreshOnAnswer = need === 'before-and-after';
      return refresh(viewTarget(chunk));
    },
    fromB() {
      if (!refreshOnAnswer) return undefined;
      refreshOnAnswer = false;
      return refresh();
    },
  };
}
