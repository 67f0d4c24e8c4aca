import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { orNothing } from '../../common/cause.js';
import { readIfThere, replaceDurably } from '../../common/durable-file.js';
import { type CanonicalImage, imageText } from '../../egress/index.js';

/** Images kept; of more than that the ones pulled longest ago are forgotten. dockerd's own records of their layers stay. */
const most = 5000;
/** Names kept of one image, the last ones. */
const mostNames = 50;

const imageSchema = z.strictObject({
  id: z.string(),
  /** Of its layers (`layer-chain.ts`); absent where the engine does not say. */
  chain: z.string().optional(),
  names: z.array(
    z.strictObject({ repository: z.string(), tag: z.string().optional(), digest: z.string().optional() }),
  ),
});
const memorySchema = z.strictObject({ format: z.literal(1), images: z.array(imageSchema) });

export type PulledImage = Readonly<z.infer<typeof imageSchema>>;

/**
 * What each image was pulled by, for rules that come later. Threat: `docker tag` gives an image another tag, and `docker rmi` takes away the digest it was pulled by, which is
 * all that dockerd has of where it came from. On the engine's data disk, where nothing but this process writes.
 */
export class PulledImages {
  readonly #file: string;
  readonly #images = new Map<string, PulledImage>();
  /** Ids. */
  readonly #withChain = new Map<string, Set<string>>();

  /** @param directory made where it is missing. What is there and cannot be read is taken for nothing: no image is admitted by it then. */
  constructor(directory: string) {
    orNothing(() => mkdirSync(directory, { recursive: true, mode: 0o700 }));
    this.#file = join(directory, 'pulled.json');
    for (const image of readImages(this.#file)) this.#set(image);
  }

  namesOf(id: string): readonly CanonicalImage[] {
    return this.#images.get(id)?.names ?? [];
  }

  /** Of every image that has these layers and no others. */
  namesOfChain(chain: string): readonly CanonicalImage[] {
    return [...(this.#withChain.get(chain) ?? [])].flatMap((id) => this.namesOf(id));
  }

  /** Those that a registry gave for this digest. */
  withDigest(digest: string): readonly PulledImage[] {
    return [...this.#images.values()].filter(({ names }) => names.some((name) => name.digest === digest));
  }

  /** Throws what writing the file throws; what was learnt counts all the same. */
  learn({ id, chain, names }: PulledImage): void {
    const known = this.#images.get(id);
    const all = new Map([...(known?.names ?? []), ...names].map((name) => [imageText(name), name]));
    const image = {
      id,
      ...(chain === undefined ? {} : { chain }),
      names: [...all.values()].slice(-mostNames),
    };
    if (JSON.stringify(image) === JSON.stringify(known)) return;
    this.#images.delete(id);
    this.#set(image);
    for (const oldest of [...this.#images.values()].slice(0, -most)) this.#forget(oldest);
    replaceDurably(this.#file, JSON.stringify({ format: 1, images: [...this.#images.values()] }));
  }

  #forget({ id, chain }: PulledImage): void {
    this.#images.delete(id);
    const same = chain === undefined ? undefined : this.#withChain.get(chain);
    same?.delete(id);
    if (chain !== undefined && same?.size === 0) this.#withChain.delete(chain);
  }

  #set(image: PulledImage): void {
    this.#images.set(image.id, image);
    if (image.chain === undefined) return;
    this.#withChain.set(image.chain, (this.#withChain.get(image.chain) ?? new Set()).add(image.id));
  }
}

function readImages(file: string): readonly PulledImage[] {
  try {
    return memorySchema.parse(JSON.parse(readIfThere(file) ?? '')).images;
  } catch {
    return [];
  }
}
