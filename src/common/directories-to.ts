import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Bits of a mode by which somebody besides its owner may make, rename and remove what lies in a directory. */
export const writableByOthers = 0o022;

/** A directory on the way to a place, the place itself included. */
export interface DirectoryFacts {
  readonly path: string;
  readonly owner: number;
  readonly mode: number;
}

/** Those from the root on to a place, which is there, without links: who may write to one of them decides what lies below. Rejects with what the system says. */
export async function directoriesTo(place: string): Promise<DirectoryFacts[]> {
  return Promise.all(
    ancestors(await realpath(place)).map(async (path) => {
      const { uid: owner, mode } = await lstat(path);
      return { path, owner, mode };
    }),
  );
}

/** `/a/b` → `/`, `/a`, `/a/b`. */
function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), path];
}
