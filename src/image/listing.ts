import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What a directory holds: absolute path within it → what is there. Device nodes and sockets are left out. */
export type Listing = ReadonlyMap<string, ListedNode>;

export type ListedNode =
  | { readonly type: 'file'; readonly mode: number; readonly size: number }
  | { readonly type: 'directory'; readonly mode: number }
  | { readonly type: 'symlink'; readonly target: string };

/** Walks `root` without following links. Rejects with the file system's error. */
export async function listTree(root: string): Promise<Listing> {
  const listing = new Map<string, ListedNode>();
  const walk = async (path: string): Promise<void> => {
    const entries = await readdir(join(root, path), { withFileTypes: true });
    await Promise.all(
      entries.map(async (entry) => {
        const child = `${path}/${entry.name}`;
        if (entry.isSymbolicLink()) {
          listing.set(child, { type: 'symlink', target: await readlink(join(root, child)) });
        } else if (entry.isFile()) {
          const { mode, size } = await lstat(join(root, child));
          listing.set(child, { type: 'file', mode: mode & 0o7777, size });
        } else if (entry.isDirectory()) {
          const { mode } = await lstat(join(root, child));
          listing.set(child, { type: 'directory', mode: mode & 0o7777 });
          await walk(child);
        }
      }),
    );
  };
  await walk('');
  return listing;
}
