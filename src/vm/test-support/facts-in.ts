import type { PathFacts } from '../instance/paths.js';

/** A machine whose instances have everything below one directory. */
export function factsIn(directory: string): PathFacts {
  return {
    env: { XDG_STATE_HOME: directory, XDG_RUNTIME_DIR: directory },
    uid: process.getuid?.() ?? 0,
    home: directory,
    ownsDirectory: () => false,
    hasSockets: () => false,
  };
}
