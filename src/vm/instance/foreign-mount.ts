import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writableByOthers } from '../../common/directories-to.js';

/**
 * Whether another user can have mounted what is at this path: a file system of its own, in a directory others may write to. Threat: a file system in user space (FUSE) that everybody may enter
 * says of its files that they are whose it likes, root's included.
 */
export function isForeignMount(
  directory: string,
  { dev }: Pick<Stats, 'dev'>,
  parent: Pick<Stats, 'dev' | 'mode'> = statSync(dirname(directory)),
): boolean {
  return dev !== parent.dev && (parent.mode & writableByOthers) !== 0;
}
