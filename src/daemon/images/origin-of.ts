import { type CanonicalImage, type ImageOrigin, imageText } from '../../egress/index.js';
import type { ImageRecords } from './image-records.js';
import { chainsOf } from './layer-chain.js';
import type { PulledImages } from './pulled-images.js';

export interface OriginSources {
  readonly records: ImageRecords;
  readonly memory: Pick<PulledImages, 'namesOf' | 'namesOfChain'>;
}

/**
 * Where an image comes from, by dockerd's own records and what was remembered of its pulls.
 *
 * @param chain of its layers, where the image itself may be gone (`docker rmi -f`).
 */
export function originOfImage(id: string, { records, memory }: OriginSources, chain?: string): ImageOrigin {
  const layers = records.layersOf(id) ?? (chain === undefined ? [] : records.layersOfChain(chain));
  const names = [...memory.namesOf(id), ...records.namesOf(id)];
  return { names: distinct(names), ...madeOf(layers, { records, memory }) };
}

/** The same of what a container has mounted, of which no more is known than its layers. */
export function originOfChain(chain: string, { records, memory }: OriginSources): ImageOrigin {
  return { names: [], ...madeOf(records.layersOfChain(chain), { records, memory }) };
}

function madeOf(
  layers: readonly string[],
  { records, memory }: OriginSources,
): Pick<ImageOrigin, 'base' | 'layers'> {
  const base = chainsOf(layers)
    .map((chain, at) => ({ names: distinct(memory.namesOfChain(chain)), layers: at + 1 }))
    .findLast(({ names }) => names.length > 0);
  return {
    layers: layers.map((layer) => records.originOf(layer)),
    ...(base === undefined ? {} : { base }),
  };
}

function distinct(names: readonly CanonicalImage[]): CanonicalImage[] {
  return [...new Map(names.map((name) => [imageText(name), name])).values()];
}
