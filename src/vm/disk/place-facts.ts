import { realpath, stat, statfs } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { directoriesTo } from '../../common/directories-to.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { PlaceFacts } from './judge-place.js';

/** A directory by the one path without links, and what `judgePlace` is to know. Throws `BH_DISK_PLACE`. */
export async function placeFacts(
  given: string,
  uid = process.getuid?.() ?? 0,
): Promise<PlaceFacts & { readonly directory: string }> {
  try {
    const directory = await realpath(given);
    const directories = await directoriesTo(directory);
    const { type, bavail, bsize } = await statfs(directory);
    const isDirectory = (await stat(directory)).isDirectory();
    return { directory, uid, isDirectory, directories, fileSystem: type, freeBytes: bavail * bsize };
  } catch (cause) {
    throw new BulkheadError('BH_DISK_PLACE', { directory: given, reason: messageOf(cause) }, { cause });
  }
}
