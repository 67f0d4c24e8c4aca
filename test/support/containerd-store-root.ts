import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

/** A copy of the built root in which dockerd keeps images with containerd. Native mode takes a directory as its root. */
export async function containerdStoreRoot(
  erofs: string,
): Promise<{ readonly root: string } & AsyncDisposable> {
  const work = await mkdtemp(join(tmpdir(), 'bulkhead-root-'));
  const [image, root] = [join(work, 'image'), join(work, 'root')];
  await mkdir(image);
  await execa('mount', ['-t', 'erofs', '-o', 'loop,ro', erofs, image]);
  await execa('cp', ['-a', image, root]);
  await execa('umount', [image]);
  const file = join(root, 'usr/share/bulkhead/dockerd.json');
  const config = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
  delete config['storage-driver'];
  config['features'] = { 'containerd-snapshotter': true };
  await writeFile(file, JSON.stringify(config));
  return { root, [Symbol.asyncDispose]: () => rm(work, { recursive: true, force: true }) };
}
