import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Docker } from './docker.ts';

const manifestSchema = z.tuple([
  z.looseObject({ Config: z.string(), RepoTags: z.unknown(), Layers: z.array(z.string()) }),
]);
const configSchema = z.looseObject({
  rootfs: z.looseObject({ diff_ids: z.array(z.string()) }),
  history: z.unknown(),
  config: z.looseObject({}),
});

/** Loads an image that has all layers of one above those of another, and labels that say it is made of the first. */
export async function rearranged(docker: Docker, image: string, below: string, name: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-rearranged-'));
  try {
    const unpack = async (reference: string, part: string) => {
      const root = join(directory, part);
      await mkdir(root);
      await docker.ok(['save', '-o', join(directory, `${part}.tar`), reference]);
      await execa('tar', ['-x', '-f', join(directory, `${part}.tar`), '-C', root]);
      const [manifest] = manifestSchema.parse(
        JSON.parse(await readFile(join(root, 'manifest.json'), 'utf8')),
      );
      const config = configSchema.parse(JSON.parse(await readFile(join(root, manifest.Config), 'utf8')));
      return { root, manifest, config };
    };
    const upper = await unpack(image, 'upper');
    const lower = await unpack(below, 'lower');
    const root = join(directory, 'image');
    await mkdir(root);
    const parts = [lower, upper];
    const layers = parts.flatMap(({ root: from, manifest }) =>
      manifest.Layers.map((layer) => join(from, layer)),
    );
    await Promise.all(
      layers.map((layer, index) => execa('cp', ['--reflink=auto', layer, join(root, `${index}.tar`)])),
    );
    const config = {
      ...upper.config,
      config: { ...upper.config.config, Labels: { 'org.opencontainers.image.base.name': image } },
      history: undefined,
      rootfs: { ...upper.config.rootfs, diff_ids: parts.flatMap((part) => part.config.rootfs.diff_ids) },
    };
    const manifest = [
      {
        Config: 'config.json',
        RepoTags: [`${name}:latest`],
        Layers: layers.map((_, index) => `${index}.tar`),
      },
    ];
    await writeFile(join(root, 'config.json'), JSON.stringify(config));
    await writeFile(join(root, 'manifest.json'), JSON.stringify(manifest));
    await execa('tar', ['-c', '-f', join(directory, 'image.tar'), '-C', root, '.']);
    await docker.ok(['load', '-i', join(directory, 'image.tar')]);
  } finally {
    await rm(directory, { recursive: true });
  }
}
