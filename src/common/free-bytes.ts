import { statfs } from 'node:fs/promises';

/** What an ordinary user may still write to the file system a path lies on: without the blocks kept for root (statfs(2)). Rejects with what the system says. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
