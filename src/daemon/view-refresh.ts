import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { OperationId } from '../gate/operations.js';
import { enginePaths } from './engine/engine-facts.js';
import type { Exchange, GateHooks } from './gate/exchange.js';

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

/** Operations whose answer depends on the engine's own view of a container's files, or that change them past it. */
const reading: ReadonlySet<OperationId> = new Set([
  'ContainerArchive',
  'ContainerArchiveInfo',
  'ContainerChanges',
  'ContainerExport',
  'PutContainerArchive',
]);
const archives: ReadonlySet<OperationId> = new Set([
  'ContainerArchive',
  'ContainerArchiveInfo',
  'PutContainerArchive',
]);

/** What a request that copies files out of or into a container names; undefined when that cannot be told. */
export function viewTarget({ request: { query }, operation }: Exchange): ViewTarget | undefined {
  const { id, parameters } = operation;
  const container = parameters['id'] ?? '';
  const place = new URLSearchParams(query ?? '').get('path') ?? '';
  // A name with a slash is no container's.
  if (!/^[^/]+$/.test(container) || !archives.has(id) || place === '' || place.includes('\0'))
    return undefined;
  return { container, path: id === 'PutContainerArchive' ? place : '' };
}

/** For one client connection: fresh views before a reading request goes on, and before the answer to a writing one comes back. */
export function freshViewHooks(refresh: RefreshViews): Pick<GateHooks, 'before' | 'after'> {
  return {
    before: (exchange) => (reading.has(exchange.operation.id) ? refresh(viewTarget(exchange)) : undefined),
    after: (exchange) => (exchange.operation.id === 'PutContainerArchive' ? refresh() : undefined),
  };
}
