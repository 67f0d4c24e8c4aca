import { posix } from 'node:path';
import type { MountInfo } from './plan.js';
import type { Place } from './request.js';

/** Where the front door attaches the clone of opened path `index` (docs/architecture.md). */
export function stagePath(index: number): string {
  return `/run/bulkhead/stage/b${index}`;
}

/** The container whose network is the builder's own. */
export const builderNetworkName = 'bulkhead-builder-network';

/** A path and the mount it lies on: enough of a `SourceFact` to say where in its file system a file is. */
export interface Located {
  readonly realPath: string;
  readonly device: string;
  readonly mount: MountInfo;
}

/**
 * The path from the root of the file system, whatever mount it was reached by; undefined when the path does not lie
 * below the mount's mount point (the facts contradict each other).
 */
export function pathWithinFilesystem({ realPath, mount }: Located): string | undefined {
  const below = pathBelow(mount.mountPoint, realPath);
  return below === undefined ? undefined : posix.join(mount.root, below);
}

/**
 * Where a file lies relative to a place (`''` is the place itself), or undefined when it lies elsewhere. Compares
 * file systems, not names: a bind mount of /etc on a volume's directory is not in that volume.
 */
export function pathWithinPlace(place: Place, located: Located): string | undefined {
  if (located.device !== place.device) return undefined;
  const within = pathWithinFilesystem(located);
  return within === undefined ? undefined : pathBelow(place.within, within);
}

/** `path` relative to `directory`, both absolute and clean, or undefined when it is not at or below it. */
export function pathBelow(directory: string, path: string): string | undefined {
  if (path === directory) return '';
  const prefix = directory.endsWith('/') ? directory : `${directory}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}
