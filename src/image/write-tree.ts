import { chmod, constants, copyFile, lutimes, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageTree, TreeNode } from './tree.js';

/** In which order files are made. The image must not depend on it; the reproducibility check uses both. */
export type WriteOrder = 'forward' | 'backward';

/** Writes a tree to a new directory. Times are 0 and modes exact, whatever the umask. Rejects with the file system's error. */
export async function writeTree(
  tree: ImageTree,
  target: string,
  order: WriteOrder,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(target);
  const directories = tree.entries().filter(([, node]) => node.type === 'directory');
  const others = tree.entries().filter(([, node]) => node.type !== 'directory');
  for (const [path] of directories) await mkdir(join(target, path));
  for (const [path, node] of order === 'forward' ? others : others.toReversed()) {
    signal?.throwIfAborted();
    await writeNode(join(target, path), node);
  }
  // Directories last: writing into one changes its time.
  for (const [path, node] of directories.toReversed()) await finish(join(target, path), node);
  await finish(target, { type: 'directory', mode: 0o755 });
}

async function writeNode(destination: string, node: TreeNode): Promise<void> {
  if (node.type === 'symlink') {
    await symlink(node.target, destination);
  } else if (node.type === 'file') {
    if ('data' in node.content) await writeFile(destination, node.content.data);
    else await copyFile(node.content.file, destination, constants.COPYFILE_FICLONE);
  }
  await finish(destination, node);
}

async function finish(destination: string, node: TreeNode): Promise<void> {
  if (node.type === 'symlink') {
    await lutimes(destination, 0, 0);
  } else {
    await chmod(destination, node.mode);
    await utimes(destination, 0, 0);
  }
}
