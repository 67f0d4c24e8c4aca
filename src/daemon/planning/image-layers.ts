import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * The layers dockerd made to mount images in a container (`--mount type=image`). It names them after the container:
 * Docker 28 `<id>-<image>`, a directory for each slash of the image's name; newer ones `<id>,src=<image>,dst=<path>` in
 * hexadecimal. The root of a container has its bare id for a name. Nobody but dockerd writes there.
 *
 * @returns directories below `<data root>/overlay2`; none when the engine keeps its layers elsewhere.
 */
export function readImageLayers(dataRoot: string, containerId: string): string[] {
  const mounts = join(dataRoot, 'image/overlay2/layerdb/mounts');
  const prefixes = [`${containerId}-`, Buffer.from(`${containerId},`).toString('hex')];
  try {
    return readdirSync(mounts)
      .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
      .flatMap((name) =>
        readdirSync(join(mounts, name), { recursive: true, encoding: 'utf8' })
          .filter((file) => basename(file) === 'mount-id')
          .map((file) => readFileSync(join(mounts, name, file), 'utf8').trim()),
      )
      .filter((id) => /^[\w-]{1,128}$/.test(id))
      .map((id) => join(dataRoot, 'overlay2', id));
  } catch {
    return [];
  }
}
