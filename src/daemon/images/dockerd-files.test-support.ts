import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chainsOf } from './layer-chain.js';

export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** The name of the directory of a layer. */
export const cacheIdOf = (chain: string): string => `cache-${chain.slice(-64)}`;

export interface WrittenImage {
  readonly id: string;
  readonly layers: readonly string[];
  /** With tag or digest, as dockerd has them. */
  readonly names?: readonly string[];
}

export interface WrittenSource {
  readonly repository: string;
  readonly pushed?: boolean;
}

export interface Written {
  readonly images?: readonly WrittenImage[];
  readonly sources?: Readonly<Record<string, readonly WrittenSource[]>>;
  /** Directories of layerdb/mounts, with the layers they are of. */
  readonly mounts?: Readonly<Record<string, readonly string[]>>;
}

/** Writes what dockerd keeps of images (image/overlay2), in its formats. */
export function writeDockerdFiles(
  dataRoot: string,
  { images = [], sources = {}, mounts = {} }: Written,
): void {
  const write = (path: string, text: string): void => {
    const file = join(dataRoot, 'image/overlay2', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const bare = (digest: string): string => digest.replace('sha256:', '');
  const repositories: Record<string, Record<string, string>> = {};
  for (const { id, layers, names = [] } of images) {
    write(
      `imagedb/content/sha256/${bare(id)}`,
      JSON.stringify({ rootfs: { type: 'layers', diff_ids: layers } }),
    );
    for (const name of names) (repositories[name.replace(/[:@][^/]*$/, '')] ??= {})[name] = id;
  }
  write('repositories.json', JSON.stringify({ Repositories: repositories }));
  for (const [layer, of] of Object.entries(sources))
    write(
      `distribution/v2metadata-by-diffid/sha256/${bare(layer)}`,
      JSON.stringify(
        of.map(({ repository, pushed = false }) => ({
          Digest: digestOf('0'),
          SourceRepository: repository,
          HMAC: pushed ? 'ab' : '',
        })),
      ),
    );
  for (const layers of [...images.map((image) => image.layers), ...Object.values(mounts)])
    for (const [at, chain] of chainsOf(layers).entries()) {
      write(`layerdb/sha256/${bare(chain)}/diff`, layers[at] ?? '');
      write(`layerdb/sha256/${bare(chain)}/cache-id`, cacheIdOf(chain));
      if (at > 0) write(`layerdb/sha256/${bare(chain)}/parent`, chainsOf(layers)[at - 1] ?? '');
    }
  for (const [name, layers] of Object.entries(mounts))
    write(`layerdb/mounts/${name}/parent`, chainsOf(layers).at(-1) ?? '');
}
