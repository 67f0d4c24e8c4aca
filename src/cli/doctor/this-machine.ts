import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../common/cause.js';
import { systemExec } from '../../common/exec.js';
import { freeBytes } from '../../common/free-bytes.js';
import type { FileFacts, Machine } from './site.js';

/** Of `st_blocks`, whatever the file system's own blocks are (stat(2)). */
const blockBytes = 512;

export const thisMachine: Machine = {
  platform: process.platform,
  uid: process.getuid?.() ?? -1,
  nodeVersion: process.versions.node,
  exec: systemExec,
  now: () => Date.now(),
  text: (path) => readFile(path, 'utf8').catch(() => undefined),
  facts: (path) => lstat(path).then(factsOf, () => undefined),
  names: (directory) =>
    readdir(directory).then(
      (names) => names.toSorted(),
      () => [],
    ),
  async openFailure(path) {
    try {
      const handle = await open(path, constants.O_RDWR);
      await handle.close();
      return undefined;
    } catch (error) {
      return String(codeOf(error) ?? error);
    }
  },
  freeBytes: freeBytesAt,
};

function factsOf(stats: Stats): FileFacts {
  const { mode, uid, gid, size, blocks } = stats;
  return { kind: kindOf(stats), mode: mode & 0o7777, uid, gid, size, taken: blocks * blockBytes };
}

function kindOf(stats: Stats): FileFacts['kind'] {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  if (stats.isSocket()) return 'socket';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'device' : 'other';
}

async function freeBytesAt(path: string): Promise<number> {
  try {
    return await freeBytes(path);
  } catch (error) {
    // What `up` or a build will make is not there yet.
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return freeBytesAt(dirname(path));
  }
}
