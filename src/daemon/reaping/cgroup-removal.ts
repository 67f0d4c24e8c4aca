import { existsSync as exists, rmdirSync } from 'node:fs';
import { posix } from 'node:path';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { codeOf } from '../../common/cause.js';
import { walkCgroups } from './cgroup-tree.js';
import { cgroupRoot } from '../planning/delegate-cgroups.js';

/** Milliseconds before each try: a process that is ending keeps its cgroup a little longer than its ids. */
const pauses = [0, 500, 2000, 10_000];
/** Removed in one go, which holds up everything else bulkheadd does. A container may have made any number. */
const mostAtOnce = 500;
/** Between two pauses. Somebody who kept the directory open may go on making more. */
const mostGoes = 200;

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
      for (let go = 0; go < mostGoes; go += 1) {
        const outcomes = cgroups.map((path) => removeEmpty(path));
        if (outcomes.every((outcome) => outcome === 'gone')) return;
        if (!outcomes.includes('unfinished')) break;
        await clock.sleep(1);
        if (isHeld(containerId)) return;
      }
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
 * Removes a cgroup and those below it, 500 at most. The kernel refuses to remove one that has a process (cgroups(7)).
 *
 * @returns whether it is gone, something is still in it, or there are more to remove. Throws what is neither EBUSY nor ENOENT.
 */
export function removeEmpty(path: string): 'gone' | 'in use' | 'unfinished' {
  try {
    let removed = 0;
    let unfinished = false;
    walkCgroups(path, {
      leave: (parent, name) => {
        if (remove(posix.join(parent, name))) removed += 1;
        unfinished = removed >= mostAtOnce;
        return !unfinished;
      },
    });
    if (unfinished) return 'unfinished';
    return remove(path) ? 'gone' : 'in use';
  } catch (error) {
    /* It, or one in it, has gone in between. */
    if (codeOf(error) === 'ENOENT') return exists(path) ? 'in use' : 'gone';
    throw error;
  }
}

/** @returns whether it is gone. */
function remove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
    throw error;
  }
}
