import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { orNothing } from '../../common/cause.js';
import type { ImageWithParents } from '../../gate/socket-mount/decide-image.js';
import type { KnownImage } from '../../gate/socket-mount/image-list.js';

/** Images kept; of more than that the ones seen longest ago are forgotten, and asked for anew. */
const most = 5000;
/** Names and digests kept of one image each: a person can give it as many as they like. */
const mostNames = 50;
/** Images of the list kept that one is made of, with fewer names each. */
const mostParents = 10;
const mostParentNames = 5;

const imageSchema = z.strictObject({
  id: z.string(),
  names: z.array(z.string()),
  digests: z.array(z.string()),
});
const memorySchema = z.strictObject({
  /** 1 held names with digests that every image has with the containerd image store. */
  format: z.literal(2),
  images: z.array(z.strictObject({ ...imageSchema.shape, parents: z.array(imageSchema) })),
});

/**
 * What was ever believed of each image. A digest that was seen valid for a tag stays so, when the tag has moved on and no registry can be asked; and
 * containers with a restart policy start before the engine answers anybody. On the engine's data disk, in a directory that
 * nothing but this process writes to; once lost, the engine is asked again.
 */
export class ImageMemory {
  readonly #file: string;
  readonly #images = new Map<string, ImageWithParents>();

  /** @param directory made where it is missing. What is there and cannot be read is taken for nothing: less is allowed then, not more. */
  constructor(directory: string) {
    // A full disk must not be the end of the engine that alone can empty it: `learn` throws then, and what is asked for is refused.
    orNothing(() => mkdirSync(directory, { recursive: true, mode: 0o700 }));
    this.#file = join(directory, 'images.json');
    for (const image of readImages(this.#file)) this.#images.set(image.id, image);
  }

  get(id: string): ImageWithParents | undefined {
    return this.#images.get(id);
  }

  /** What is believed of an image now, and what was before, which is not added to. */
  recall(image: ImageWithParents): ImageWithParents {
    const known = this.#images.get(image.id);
    return {
      id: image.id,
      names: union(image.names, known?.names),
      digests: union(image.digests, known?.digests),
      parents: [
        ...image.parents,
        ...(known?.parents ?? []).filter(({ id }) => !image.parents.some((parent) => parent.id === id)),
      ],
    };
  }

  /** Adds what is believed now to what was before; of more than is kept, what the list has comes first. Throws what writing the file throws. */
  learn(image: ImageWithParents): ImageWithParents {
    const recalled = this.recall(image);
    const learnt = bounded(recalled);
    if (JSON.stringify(learnt) === JSON.stringify(this.#images.get(image.id))) return recalled;
    this.#images.delete(image.id);
    this.#images.set(image.id, learnt);
    for (const id of [...this.#images.keys()].slice(0, -most)) this.#images.delete(id);
    writeFileSync(`${this.#file}.new`, JSON.stringify({ format: 2, images: [...this.#images.values()] }), {
      mode: 0o600,
    });
    renameSync(`${this.#file}.new`, this.#file);
    return recalled;
  }
}

function readImages(file: string): readonly ImageWithParents[] {
  try {
    return memorySchema.parse(JSON.parse(readFileSync(file, 'utf8'))).images;
  } catch {
    return [];
  }
}

function union(one: readonly string[], other: readonly string[] = []): readonly string[] {
  return [...new Set([...one, ...other])];
}

function bounded({ parents, ...image }: ImageWithParents): ImageWithParents {
  return {
    ...withNames(image, mostNames),
    parents: parents.slice(0, mostParents).map((parent) => withNames(parent, mostParentNames)),
  };
}

function withNames({ id, names, digests }: KnownImage, most: number): KnownImage {
  return { id, names: names.slice(0, most), digests: digests.slice(0, most) };
}
