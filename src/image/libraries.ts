import { join, posix } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { ElfInfo } from './elf.js';
import type { Listing } from './listing.js';
import { addNode } from './select-root.js';
import type { Content, ImageTree } from './tree.js';

/** Where Debian's loader looks without a configuration or a cache. */
export const libraryDirs = ['/usr/lib/x86_64-linux-gnu', '/usr/lib'];

/**
 * Adds the shared libraries every program in the tree needs, and those they need, from the userland: the link with the wanted name and what
 * it points to. Libraries opened at run time by name (dlopen) are not found this way; `root.txt` has to keep them. Throws
 * `BH_IMAGE_RULE` where no package provides a library or a program's loader is not in the tree.
 */
export async function addLibraries(
  tree: ImageTree,
  userland: string,
  listing: Listing,
  readElf: (content: Content) => Promise<ElfInfo | undefined>,
): Promise<void> {
  const pending = tree.entries().map(([path]) => path);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const node = tree.get(path);
    const elf = node?.type === 'file' ? await readElf(node.content) : undefined;
    if (elf?.interpreter !== undefined && tree.resolve(elf.interpreter) === undefined) {
      throw wrong(path, `its loader ${elf.interpreter} is not in the image`);
    }
    for (const name of elf?.needed ?? []) pending.push(...addLibrary(tree, userland, listing, name, path));
  }
}

/** Returns the paths it added. */
function addLibrary(
  tree: ImageTree,
  userland: string,
  listing: Listing,
  name: string,
  user: string,
): readonly string[] {
  const added: string[] = [];
  let path = libraryDirs.map((dir) => `${dir}/${name}`).find((candidate) => listing.has(candidate));
  while (path !== undefined && tree.get(path) === undefined) {
    const node = listing.get(path);
    if (node === undefined || node.type === 'directory')
      throw wrong(user, `${path}, which it needs, is not in the packages`);
    addNode(tree, path, node, join(userland, path));
    added.push(path);
    path = node.type === 'symlink' ? posix.resolve(posix.dirname(path), node.target) : undefined;
  }
  if (path === undefined && added.length === 0) throw wrong(user, `no package provides the library ${name}`);
  return added;
}

function wrong(path: string, reason: string): BulkheadError {
  return new BulkheadError('BH_IMAGE_RULE', { file: path, reason });
}
