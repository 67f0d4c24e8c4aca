import { existsSync, lstatSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { writableByOthers } from '../../common/directories-to.js';
import { isForeignMount } from './foreign-mount.js';

/** What of the machine decides where sockets are; tests bring their own. */
export interface RuntimeFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** True when `path` is a directory of user `uid` in which nobody else makes anything. */
  readonly ownsDirectory: (path: string, uid: number) => boolean;
  /** True when sockets of an engine or VM of user `uid` are in `path`, where nobody else can have put them. */
  readonly hasSockets: (path: string, uid: number) => boolean;
}

/**
 * The parent of an instance's sockets. Without XDG_RUNTIME_DIR (sudo, cron, a container) the directory logind makes serves. Where that is missing too, root has one
 * in /run, which no other user can make first, nor anew once it is gone; others have one below the temporary directory, whose owner is checked before it is used.
 *
 * What root has running elsewhere among these is found where it is, for as long as its sockets are there: by sudo there is no directory of logind's, which there is once root logs in. Who asks for it
 * would otherwise be told that it does not answer.
 */
export function runtimeRoot(name: string, { env, uid, ownsDirectory, hasSockets }: RuntimeFacts): string {
  const given = env['XDG_RUNTIME_DIR'];
  const logind = `/run/user/${uid}`;
  if (given !== undefined && isAbsolute(given) && given !== logind) return join(given, 'bulkhead');
  const session = given === logind || ownsDirectory(logind, uid) ? [join(logind, 'bulkhead')] : [];
  const own = uid === 0 && ownsDirectory('/run', uid) ? ['/run/bulkhead'] : [];
  const roots = [...session, ...own, join(tmpdir(), `bulkhead-${uid}`)] as const;
  const running = roots.find((root) => hasSockets(join(root, name), uid));
  return uid === 0 && running !== undefined ? running : roots[0];
}

/** Where a controller and an engine without a VM listen to commands. */
const sockets = ['controller.sock', join('engine', 'control.sock')];

export function ownsDirectory(path: string, uid: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && isClosed(found, uid);
}

function isClosed(found: Stats, uid: number): boolean {
  return found.isDirectory() && found.uid === uid && (found.mode & writableByOthers) === 0;
}

/**
 * Threat: another user's directory of that name below /tmp, or link, or file system that answers nobody else (FUSE), which would keep root from the one in /run, or be it. So no link is
 * followed, what can't be looked at is not root's, and neither is what another may have mounted.
 */
export function hasSockets(path: string, uid: number): boolean {
  try {
    const areClosed = [dirname(path), path].every((directory) => {
      const found = lstatSync(directory);
      return isClosed(found, uid) && !isForeignMount(directory, found);
    });
    return areClosed && sockets.some((name) => existsSync(join(path, name)));
  } catch {
    return false;
  }
}
