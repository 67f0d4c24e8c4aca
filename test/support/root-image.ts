import { execa } from 'execa';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Docker, probe, unique } from './docker.ts';

/** The probe image with its root changed as no build can, because builds mount /dev and /proc; whoever asked removes it. */
export async function rootImage(docker: Docker, change: (root: string) => Promise<void>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-root-'));
  const image = unique('root');
  try {
    const [root, archive] = [join(directory, 'root'), join(directory, 'root.tar')];
    await mkdir(root);
    const container = await docker.ok(['create', probe]);
    await docker.ok(['export', '-o', archive, container]);
    await docker.ok(['rm', container]);
    await execa('tar', ['-x', '-p', '-f', archive, '-C', root]);
    await change(root);
    await execa('tar', ['-c', '-f', archive, '-C', root, '.']);
    await docker.ok(['import', archive, image]);
    return image;
  } finally {
    await rm(directory, { recursive: true });
  }
}
