import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writableByOthers } from '../../common/directories-to.js';

/**
 * Whether another user can have mounted what is at this path: a file system of its own, in a directory of another user's, or one others may write to. Threat: a file system in user space (FUSE)
 * that everybody may enter says of its files that they are whose it likes, root's included.
 */
export function isForeignMount(
  directory: string,
  { dev, uid }: Pick<Stats, 'dev' | 'uid'>,
  parent: Pick<Stats, 'dev' | 'mode' | 'uid'> = statSync(dirname(directory)),
): boolean {
  const isOthers = (parent.mode & writableByOthers) !== 0 || (parent.uid !== 0 && parent.uid !== uid);
  return dev !== parent.dev && isOthers;
}
