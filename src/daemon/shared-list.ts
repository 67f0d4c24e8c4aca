import { readFileSync, statSync } from 'node:fs';
import { codeOf } from '../common/cause.js';
import { parseMountInfo } from '../common/mountinfo.js';
import type { SharedPaths } from '../gate/shared-paths.js';
import { readSealedFile } from './sealed-file.js';

/** A directory of the host, mounted in the engine's root. */
export interface SharedDirectory {
  readonly path: string;
  readonly readOnly: boolean;
}

/** Reads the list PID 1 holds. */
export function readSharedList(fd: number): SharedDirectory[] {
  return parseSharedList(readSealedFile(fd).toString());
}

/**
 * Records of `rw` or `ro`, in the VM with a `+` for another name of the directory before, and an absolute path, each ended by a null byte. Throws on anything
 * else.
 */
export function parseSharedList(text: string): SharedDirectory[] {
  const fields = text.split('\0');
  if (fields.pop() !== '' || fields.length % 2 !== 0) throw new Error('the list of shares is malformed');
  return Array.from({ length: fields.length / 2 }, (_, index) => {
    const [mode = '', path = ''] = fields.slice(2 * index, 2 * index + 2);
    const access = /^(r[ow])\+?$/.exec(mode)?.[1];
    if (access === undefined || !/^\/./.test(path)) throw new Error('the list of shares is malformed');
    return { path, readOnly: access === 'ro' };
  });
}

/**
 * Those that are mounted still. PID 1 mounts all before anything runs, and no engine starts without one; what is not there when bulkheadd is started again was taken away
 * meanwhile (live-shares.ts).
 *
 * @param mounts lines of /proc/self/mountinfo.
 */
export function stillShared(
  shared: readonly SharedDirectory[],
  mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
): SharedDirectory[] {
  const points = new Set(mounts.map((line) => parseMountInfo(line)?.mountPoint));
  return shared.filter(({ path }) => points.has(path));
}

/**
 * What the gate asks: by name, and of the files as this namespace shows them, where no link in them is followed.
 *
 * @param directories the list itself is looked at, as they come and go.
 */
export function createSharedPaths(directories: readonly string[], sshAgent: string | undefined): SharedPaths {
  return { directories, sshAgent, throughLink: meetsLink };
}

/** ELOOP is the kernel's answer to a link on a mount that follows none (mount_setattr(2), MOUNT_ATTR_NOSYMFOLLOW). */
function meetsLink(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return codeOf(error) === 'ELOOP';
  }
}
