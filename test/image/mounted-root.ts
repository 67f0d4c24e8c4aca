import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** Mounts the root of an image as native mode does: read-only, through a loop device. */
export async function mountRoot(imageDir: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'bulkhead-root-'));
  await execa('mount', ['-t', 'erofs', '-o', 'loop,ro', join(imageDir, 'root.erofs'), path]);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await execa('umount', [path]);
      await rmdir(path);
    },
  };
}
