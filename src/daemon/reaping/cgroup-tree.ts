import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { codeOf } from '../../common/cause.js';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

export interface CgroupVisitor {
  /** Before those below it. @param directory path of the cgroup, good until the call returns. */
  readonly enter?: (directory: string) => void;
  /** After those below it; not called for the topmost. Ends the walk by giving false. */
  readonly leave?: (parent: string, name: string) => boolean;
}

/**
 * Walks through a cgroup and those below it by descriptors. Threat: a container to which its cgroup is delegated makes cgroups below it so deep
 * that no path leads there (PATH_MAX), and hides processes in them or has them stay for ever.
 *
 * One descriptor is open at a time. What goes away meanwhile is passed over, with what is below. Throws what else the file system says.
 */
export function walkCgroups(top: string, { enter, leave }: CgroupVisitor): void {
  let here = openDirectory(top);
  try {
    const path = (): string => `/proc/self/fd/${here}`;
    const move = (name: string): void => {
      const next = openDirectory(`${path()}/${name}`);
      closeSync(here);
      here = next;
    };
    enter?.(path());
    const levels = [{ name: '', below: namesOfDirectories(path()) }];
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const name = level.below.pop();
      if (name === undefined) {
        levels.pop();
        if (levels.length === 0) return;
        // Cgroups are never moved to another parent (rename(2) gives EIO), so this leads no higher than `top`.
        move('..');
        if (leave?.(path(), level.name) === false) return;
      } else if (unlessGone(() => move(name))) {
        enter?.(path());
        levels.push({ name, below: namesOfDirectories(path()) });
      }
    }
  } finally {
    closeSync(here);
  }
}

function openDirectory(path: string): number {
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

function namesOfDirectories(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
}

function unlessGone(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
