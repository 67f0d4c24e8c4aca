import { chmod, constants, copyFile, lutimes, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageTree } from './tree.js';

/** Writes a tree to a new directory. Times are 0 and modes exact, whatever the umask. Rejects with the file system's error. */
export async function writeTree(tree: ImageTree, target: string, signal?: AbortSignal): Promise<void> {
  await mkdir(target);
  const entries = tree.entries();
  for (const [path, node] of entries) {
    signal?.throwIfAborted();
    const destination = join(target, path);
    if (node.type === 'directory') {
      await mkdir(destination);
    } else if (node.type === 'symlink') {
      await symlink(node.target, destination);
      await lutimes(destination, 0, 0);
    } else {
      if ('data' in node.content) await writeFile(destination, node.content.data);
      else await copyFile(node.content.file, destination, constants.COPYFILE_FICLONE);
      await finish(destination, node.mode);
    }
  }
  // Directories last: writing into one changes its time.
  for (const [path, node] of entries.toReversed()) {
    if (node.type === 'directory') await finish(join(target, path), node.mode);
  }
  await finish(target, 0o755);
}

async function finish(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
  await utimes(path, 0, 0);
}
