import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { isFullId } from '../../common/container-id.js';
import { orNothing } from '../../common/cause.js';
import { readIfThere } from '../../common/durable-file.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type CanonicalImage, canonicalImage, type LayerOrigin } from '../../egress/index.js';
import type { NotedSource } from './noted-layers.js';

const repositoriesSchema = z.looseObject({
  Repositories: z.record(z.string(), z.record(z.string(), z.string())),
});
const configSchema = z.looseObject({ rootfs: z.looseObject({ diff_ids: z.array(z.string()).nullish() }) });
const sourcesSchema = z.array(
  z.looseObject({ Digest: z.string(), SourceRepository: z.string(), HMAC: z.string().optional() }),
);
const sha256 = /^sha256:([0-9a-f]{64})$/;

const notesDirectory = 'distribution/v2metadata-by-diffid/sha256';

/** A layer of nothing, which many images have: who has it first says nothing about the others. */
const emptyLayer = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/**
 * What dockerd wrote down of its images (image/overlay2), read from its files: while it starts a container it answers nothing about it, and at its own start nobody. Nobody
 * else writes there. Where images are kept with containerd there are no such files, and nothing is said.
 */
export interface ImageRecords {
  /** The names with a digest that a registry gave an image, or took it by. Throws `BH_IMAGE_UNREADABLE` for one that no rule can be held against. */
  namesOf(id: string): readonly CanonicalImage[];
  /** The image that was pulled by a digest; where images are kept with containerd, that is its id. */
  idOf(repository: string, digest: string): string | undefined;
  /** DiffIDs of an image's layers, the lowest first; undefined where there is no such image. */
  layersOf(id: string): readonly string[] | undefined;
  /** The same by what names them all (ChainID). */
  layersOfChain(chain: string): readonly string[];
  /** Where a layer came from; builds, too, have that noted. */
  originOf(layer: string): LayerOrigin;
  /** What is noted so of every layer that was pulled, as it is written; of what cannot be read, nothing. */
  notes(): Promise<ReadonlyMap<string, readonly NotedSource[]>>;
  /** What names the layers of a container's root, and of the images it mounts. */
  chainsOfContainer(containerId: string): {
    readonly root: string | undefined;
    readonly mounted: readonly string[];
  };
  /** Of the directories that hold a layer of an image, in their order: what names it and those below it. */
  chainsOfDirectories(directories: readonly string[]): readonly string[];
}

/** @param dataRoot dockerd's. What of its files is there and cannot be read makes all of this throw. */
export function readImageRecords(dataRoot: string): ImageRecords {
  const root = join(dataRoot, 'image/overlay2');
  const read = (...path: readonly string[]): string | undefined => readIfThere(join(root, ...path));
  const digests = (): { readonly name: string; readonly id: string }[] => {
    const text = read('repositories.json');
    if (text === undefined) return [];
    return Object.values(repositoriesSchema.parse(JSON.parse(text)).Repositories).flatMap((names) =>
      Object.entries(names).flatMap(([name, id]) => (name.includes('@') ? [{ name, id }] : [])),
    );
  };
  const layerFile = (chain: string, file: string): string | undefined =>
    read('layerdb/sha256', hexOf(chain), file);
  return {
    namesOf: (id) =>
      digests().flatMap((entry) => {
        if (entry.id !== id) return [];
        const { repository, digest } = readName(entry.name);
        return [{ repository, digest }];
      }),
    idOf: (repository, digest) => {
      if (!existsSync(join(root, 'repositories.json'))) return digest;
      return digests().find(({ name }) => {
        const image = name.endsWith(`@${digest}`) ? canonicalImage(name) : undefined;
        return image?.repository === repository && image.digest === digest;
      })?.id;
    },
    layersOf: (id) => {
      const text = read('imagedb/content/sha256', hexOf(id));
      return text === undefined ? undefined : (configSchema.parse(JSON.parse(text)).rootfs.diff_ids ?? []);
    },
    layersOfChain: (chain) => {
      const layers: string[] = [];
      for (let at: string | undefined = chain; at !== undefined; at = layerFile(at, 'parent'))
        layers.unshift(layerFile(at, 'diff') ?? at);
      return layers;
    },
    originOf: (layer) => {
      const text = layer === emptyLayer ? undefined : read(notesDirectory, hexOf(layer));
      const { from, to } = readNote(text);
      return { from: from.map(repositoryOf), to: to.map(repositoryOf) };
    },
    notes: async () => {
      const noted = new Map<string, readonly NotedSource[]>();
      for (const hex of await readdir(join(root, notesDirectory)).catch(() => [])) {
        const layer = `sha256:${hex}`;
        const text = await readFile(join(root, notesDirectory, hex), 'utf8').catch(() => undefined);
        const from = orNothing(() => readNote(text).from) ?? [];
        if (layer !== emptyLayer && from.length > 0) noted.set(layer, from);
      }
      return noted;
    },
    chainsOfContainer: (containerId) => {
      const mounts = join(root, 'layerdb/mounts');
      const below = existsSync(mounts)
        ? readdirSync(mounts).filter((name) => isMountedIn(containerId, name))
        : [];
      return {
        root: read('layerdb/mounts', isFullId(containerId) ? containerId : '-', 'parent'),
        mounted: below.flatMap((name) =>
          readdirSync(join(mounts, name), { recursive: true, encoding: 'utf8' })
            .filter((file) => basename(file) === 'parent')
            .flatMap((file) => read('layerdb/mounts', name, file) ?? []),
        ),
      };
    },
    chainsOfDirectories: (directories) => {
      const layers = join(root, 'layerdb/sha256');
      const names = existsSync(layers) ? readdirSync(layers) : [];
      const chains = new Map(
        names.map((hex) => [read('layerdb/sha256', hex, 'cache-id') ?? '', `sha256:${hex}`]),
      );
      return directories
        .map((directory) => layerIdOf(join(dataRoot, 'overlay2'), directory))
        .flatMap((id) => (id === '' ? [] : (chains.get(id) ?? [])));
    },
  };
}

/** Repositories a layer was pulled from, and, with a MAC, those it was pushed to. */
function readNote(text: string | undefined): Record<'from' | 'to', NotedSource[]> {
  const sources = text === undefined ? [] : sourcesSchema.parse(JSON.parse(text));
  const noted = (pushed: boolean): NotedSource[] =>
    sources
      .filter(({ HMAC = '' }) => (HMAC !== '') === pushed)
      .map(({ SourceRepository, Digest }) => ({ repository: SourceRepository, digest: Digest }));
  return { from: noted(false), to: noted(true) };
}

/** A note as the rules have it. Throws `BH_IMAGE_UNREADABLE`. */
export function repositoryOf({ repository, digest }: NotedSource): CanonicalImage {
  return { repository: readName(repository).repository, digest };
}

/** Whether dockerd made a layer for an image that a container mounts: by the container's id with more behind (`planning/image-layers.ts`). */
function isMountedIn(containerId: string, name: string): boolean {
  return (
    name.startsWith(`${containerId}-`) || name.startsWith(Buffer.from(`${containerId},`).toString('hex'))
  );
}

/** Throws `BH_IMAGE_UNREADABLE`, as for a pull of that name. */
function readName(name: string): CanonicalImage {
  const image = canonicalImage(name);
  if (image === undefined) throw new BulkheadError('BH_IMAGE_UNREADABLE', { image: name });
  return image;
}

/** The name dockerd has for a directory of a layer: `<id>/diff`, or a short one of its links `l/…` to that (moby, overlay2). */
function layerIdOf(layers: string, directory: string): string {
  const [first = '', second = ''] = relative(layers, directory).split('/');
  if (first !== 'l') return first;
  return orNothing(() => readlinkSync(join(layers, first, second)))?.split('/')[1] ?? '';
}

/** Threat: a name out of a file leads elsewhere. */
function hexOf(digest: string): string {
  const hex = sha256.exec(digest)?.[1];
  if (hex === undefined) throw new Error(`no digest of a layer or an image: ${digest.slice(0, 100)}`);
  return hex;
}
