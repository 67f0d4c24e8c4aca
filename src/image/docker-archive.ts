import { createHash } from 'node:crypto';
import { type TarEntry, writeTar } from './tar.js';

/** What `docker run` uses when the caller says nothing else. */
export interface ImageDefaults {
  readonly command: readonly string[];
  readonly environment: readonly string[];
}

/**
 * Packs a root file system as an image of one layer, in the format of `docker save` (moby image specification 1.2, "Combined Image JSON
 * + Filesystem Changeset Format"). Equal input gives equal bytes, so the image id is stable across builds.
 */
export function writeDockerArchive(tag: string, files: readonly TarEntry[], defaults: ImageDefaults): Buffer {
  const layer = writeTar(files);
  const created = '1970-01-01T00:00:00Z';
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created,
      config: { Env: defaults.environment, Cmd: defaults.command },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created, created_by: 'bulkhead' }],
    }),
  );
  const configName = `${sha256(config)}.json`;
  const manifest = Buffer.from(
    JSON.stringify([{ Config: configName, RepoTags: [tag], Layers: ['layer.tar'] }]),
  );
  return writeTar([
    { path: configName, type: 'file', mode: 0o644, data: config },
    { path: 'layer.tar', type: 'file', mode: 0o644, data: layer },
    { path: 'manifest.json', type: 'file', mode: 0o644, data: manifest },
  ]);
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
