import { z } from 'zod';
import { believedImage, type ImageReport, isDerivedFrom } from '../../gate/socket-mount/believed-image.js';
import type { ImageWithParents } from '../../gate/socket-mount/decide-image.js';
import type { ImageList, KnownImage } from '../../gate/socket-mount/image-list.js';
import type { EngineClient } from '../engine/engine-client.js';
import type { ImageMemory } from './image-memory.js';

const names = z.array(z.string()).nullish();
const imageSchema = z.looseObject({
  Id: z.string(),
  RepoTags: names,
  RepoDigests: names,
  RootFS: z.looseObject({ Layers: names }).nullish(),
});
const listSchema = z.array(z.looseObject({ Id: z.string(), RepoTags: names, RepoDigests: names }));
const infoSchema = z.looseObject({ DriverStatus: z.array(z.array(z.string())).nullish() });

/** What is known of the image a name or an id stands for; undefined where the engine has none. */
export type ImageLookup = (reference: string) => Promise<ImageWithParents | undefined>;

/** Images of the list whose layers are kept, which never change. An image has 127 layers at most, each a hash of 71 characters. */
const mostLayers = 500;

/**
 * Asks the engine, which asks no registry, about images. What the image is made of is looked for among the images of the list alone, and only where
 * the image is not in it itself.
 */
export function createImageLookup(
  client: Pick<EngineClient, 'call'>,
  list: ImageList,
  memory: ImageMemory,
): ImageLookup {
  const layersOf = new Map<string, readonly string[]>();
  let localDigests: Promise<boolean> | undefined;

  const inspect = async (reference: string): Promise<ImageReport | undefined> => {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    const { status, body } = await client.call('GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
    const { Id, RepoTags, RepoDigests, RootFS } = imageSchema.parse(JSON.parse(body));
    return { id: Id, tags: RepoTags ?? [], digests: RepoDigests ?? [], layers: RootFS?.Layers ?? [] };
  };

  const layersBelow = async (id: string): Promise<readonly string[]> => {
    const kept = layersOf.get(id);
    if (kept !== undefined) return kept;
    const layers = (await inspect(id))?.layers ?? [];
    const [oldest] = layersOf.keys();
    if (layersOf.size >= mostLayers && oldest !== undefined) layersOf.delete(oldest);
    layersOf.set(id, layers);
    return layers;
  };

  /** The names of the list first, because the memory does not keep any number of them. */
  const named = (image: KnownImage): KnownImage => {
    const isListed = new Set(image.names.filter((name) => list.matchesName(name)));
    return { ...image, names: [...isListed, ...image.names.filter((name) => !isListed.has(name))] };
  };

  const parentsOf = async ({ id, layers }: ImageReport, digestsAreLocal: boolean): Promise<KnownImage[]> => {
    const { status, body } = await client.call('GET', '/images/json');
    if (status !== 200) throw new Error(`GET /images/json answered ${status}`);
    const candidates = listSchema
      .parse(JSON.parse(body))
      .map(({ Id, RepoTags, RepoDigests }) =>
        believedImage(
          { id: Id, tags: RepoTags ?? [], digests: RepoDigests ?? [], layers: [] },
          digestsAreLocal,
        ),
      )
      .filter((candidate) => candidate.id !== id && list.matches(candidate));
    const parents: KnownImage[] = [];
    for (const candidate of candidates) {
      if (isDerivedFrom(layers, await layersBelow(candidate.id))) parents.push(named(candidate));
    }
    return parents;
  };

  return async (reference) => {
    localDigests ??= hasLocalDigests(client);
    const digestsAreLocal = await localDigests.catch((error: unknown) => {
      localDigests = undefined;
      throw error;
    });
    const report = await inspect(reference);
    if (report === undefined) return undefined;
    const image = named(believedImage(report, digestsAreLocal));
    const isListed = list.matches(image);
    const parents = isListed || list.empty ? [] : await parentsOf(report, digestsAreLocal);
    // Threat: containers of ever new images push out of the memory what it is for, and have a file written each.
    const counts = isListed || parents.length > 0;
    return counts ? memory.learn({ ...image, parents }) : memory.recall({ ...image, parents });
  };
}

/** The containerd image store gives every image digests with every name it has, whoever gave it the name. */
export async function hasLocalDigests(client: Pick<EngineClient, 'call'>): Promise<boolean> {
  const { status, body } = await client.call('GET', '/info');
  if (status !== 200) throw new Error(`GET /info answered ${status}`);
  return (infoSchema.parse(JSON.parse(body)).DriverStatus ?? []).some(
    ([name, value]) => name === 'driver-type' && value?.startsWith('io.containerd.snapshotter.') === true,
  );
}
