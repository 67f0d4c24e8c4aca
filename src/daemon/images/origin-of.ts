import { type CanonicalImage, type ImageOrigin, imageText } from '../../egress/index.js';
import { type ImageRecords, repositoryOf } from './image-records.js';
import { chainsOf } from './layer-chain.js';
import type { NotedLayers } from './noted-layers.js';
import type { PulledImages } from './pulled-images.js';

export interface OriginSources {
  readonly records: ImageRecords;
  readonly memory: Pick<PulledImages, 'namesOf' | 'namesOfChain'>;
  readonly noted: Pick<NotedLayers, 'sourcesOf'>;
}

/**
 * Where an image comes from, by dockerd's own records and what was remembered of its pulls.
 *
 * @param chain of its layers, where the image itself may be gone (`docker rmi -f`).
 */
export function originOfImage(id: string, sources: OriginSources, chain?: string): ImageOrigin {
  const { records, memory } = sources;
  const layers = records.layersOf(id) ?? (chain === undefined ? [] : records.layersOfChain(chain));
  const names = [...memory.namesOf(id), ...records.namesOf(id)];
  return { names: distinct(names), ...madeOf(layers, sources) };
}

/** The same of what a container has mounted, of which no more is known than its layers. */
export function originOfChain(chain: string, sources: OriginSources): ImageOrigin {
  return { names: [], ...madeOf(sources.records.layersOfChain(chain), sources) };
}

function madeOf(
  layers: readonly string[],
  { records, memory, noted }: OriginSources,
): Pick<ImageOrigin, 'base' | 'layers'> {
  const base = chainsOf(layers)
    .map((chain, at) => ({ names: distinct(memory.namesOfChain(chain)), layers: at + 1 }))
    .findLast(({ names }) => names.length > 0);
  return {
    layers: layers.map((layer) => {
      const { from, to } = records.originOf(layer);
      return { from: distinct([...noted.sourcesOf(layer).map(repositoryOf), ...from]), to };
    }),
    ...(base === undefined ? {} : { base }),
  };
}

function distinct(names: readonly CanonicalImage[]): CanonicalImage[] {
  return [...new Map(names.map((name) => [imageText(name), name])).values()];
}
