import { createHash, randomUUID } from 'node:crypto';
import { tarArchive } from './tar-archive.ts';

/** An image as `docker save` writes it, with one layer that no engine has seen and no registry has had. @param name as `evil.test/x:1`. */
export function foreignArchive(name: string): Buffer {
  const layer = tarArchive([{ name: 'foreign', content: `${randomUUID()}\n` }]);
  const diff = createHash('sha256').update(layer).digest('hex');
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${diff}`] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  return tarArchive([
    { name: 'layer.tar', content: layer.toString('latin1') },
    { name: 'config.json', content: JSON.stringify(config) },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
}
