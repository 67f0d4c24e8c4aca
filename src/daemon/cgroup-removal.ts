import { readdirSync, rmdirSync } from 'node:fs';
import { posix } from 'node:path';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import { cgroupRoot } from './delegate-cgroups.js';

/** Milliseconds before each try: a process that is ending keeps its cgroup a little longer than its ids. */
const pauses = [0, 500, 2000, 10_000];

export interface CgroupRemovalOptions {
  /** Names below the root of all hierarchies (`EngineFacts.cgroupHierarchies`). */
  readonly hierarchies: readonly string[];
  /** `IsolationPolicy.cgroupParents`. */
  readonly parents: readonly string[];
  /** Whether a front door has been answered for this container, and it is not over. */
  readonly isHeld: (containerId: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly root?: string;
}

/** Where the rule cgroups lets a container's cgroup be, and nowhere else. */
export function cgroupsOf(
  containerId: string,
  { hierarchies, parents, root = cgroupRoot }: Pick<CgroupRemovalOptions, 'hierarchies' | 'parents' | 'root'>,
): string[] {
  const places = parents.flatMap((parent) => [
    `${parent}/${containerId}`,
    `${parent}/buildkit/${containerId}`,
  ]);
  /* `/docker/buildkit` and `/docker/buildx` are everybody's. */
  const shared = new Set(parents.flatMap((parent) => [parent, `${parent}/buildkit`]));
  return hierarchies.flatMap((hierarchy) =>
    places.filter((place) => !shared.has(place)).map((place) => posix.join(root, hierarchy, place)),
  );
}

/**
 * Removes the cgroups of containers that are over. runc does so itself, unless it is killed before it has recorded that it made them, or
 * refuses after bulkheadd made them for it: nothing else ever looks for those.
 *
 * @returns what is called with each container whose ids were given back. Never throws.
 */
export function createCgroupRemoval(options: CgroupRemovalOptions): (containerId: string) => void {
  const { clock, log, isHeld } = options;
  const remove = async (containerId: string): Promise<void> => {
    const cgroups = cgroupsOf(containerId, options);
    for (const pause of pauses) {
      if (pause > 0) await clock.sleep(pause);
      /* Started once more: the cgroups are in use again, or about to be. Nothing is awaited from here on. */
      if (isHeld(containerId)) return;
      if (cgroups.map((path) => removeEmpty(path)).every(Boolean)) return;
    }
    log.warn({ containerId }, 'the cgroups of a container that is over are still in use');
  };
  return (containerId) => {
    remove(containerId).catch((error: unknown) => {
      log.error({ err: error, containerId }, 'the cgroups of a container that is over stay');
    });
  };
}

/**
 * Removes a cgroup and those below it. The kernel refuses to remove one that has a process (cgroups(7)).
 *
 * @returns whether it is gone. Throws what is neither EBUSY nor ENOENT.
 */
export function removeEmpty(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) removeEmpty(posix.join(path, entry.name));
    rmdirSync(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
    throw error;
  }
}
