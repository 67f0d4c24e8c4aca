import { createHash } from 'node:crypto';
import { z } from 'zod';
import { mostTold, type PulledFacts } from '../../common/pulled-image.js';
import { type CanonicalImage, imageText } from '../names/canonical-image.js';
import type { Pulled, PulledManifest } from './pulled.js';

type Name = PulledFacts['names'][number];

/** What is known of a manifest, by its digest. */
interface Lead {
  readonly names: Map<string, Name>;
  /** Of an index: its manifests. */
  parts: readonly string[];
  /** Of an image. */
  config: string | undefined;
}

/** Manifests and images that are kept; whoever asks for one that is forgotten is told of it as if for the first time. */
const most = 2000;
/** Of an index; those behind have no name but their own. */
const mostParts = 256;

const configSchema = z.looseObject({
  rootfs: z.looseObject({
    diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).max(mostTold.layers),
  }),
});

/**
 * Puts together what an image was pulled by out of requests for its parts: BuildKit asks which contents a tag has, for an index and a manifest by their digests, and for the
 * configuration that says which layers the image has. That may come from anywhere: it is known by its contents.
 */
export class PullWatch implements Pulled {
  readonly #tell: (pulled: PulledFacts) => Promise<void>;
  readonly #leads = new Map<string, Lead>();
  /** By configuration, undefined where it has not come yet. */
  readonly #layers = new Map<string, readonly string[] | undefined>();

  /** @param tell resolves when it is known, or nobody can be waited for any longer. */
  constructor(tell: (pulled: PulledFacts) => Promise<void>) {
    this.#tell = tell;
  }

  async manifest({ image, digest, config, contents }: PulledManifest): Promise<void> {
    const lead = this.#lead(digest);
    if (config !== undefined) this.#await(config);
    lead.config = config;
    lead.parts = config === undefined ? contents.slice(0, mostParts) : [];
    await this.named(image, digest);
  }

  async named({ repository, tag }: CanonicalImage, digest: string): Promise<void> {
    this.#name(digest, [{ repository, digest, ...(tag === undefined ? {} : { tag }) }]);
    // Of an index its manifests have the names as well.
    const { names, parts } = this.#lead(digest);
    for (const part of parts) this.#name(part, names.values());
    await this.#tellOf(digest);
  }

  awaits(contents: string | undefined): boolean {
    if (contents !== undefined) return this.#layers.has(contents) && this.#layers.get(contents) === undefined;
    return [...this.#layers.values()].includes(undefined);
  }

  async contents(bytes: Buffer): Promise<void> {
    const config = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (!this.awaits(config)) return;
    const layers = layersIn(bytes);
    if (layers === undefined) {
      this.#layers.delete(config);
      return;
    }
    this.#layers.set(config, layers);
    const of = [...this.#leads].filter(([, lead]) => lead.config === config);
    await Promise.all(of.map(([digest]) => this.#tellOf(digest)));
  }

  #lead(digest: string): Lead {
    const lead = this.#leads.get(digest) ?? { names: new Map(), parts: [], config: undefined };
    this.#leads.delete(digest);
    this.#leads.set(digest, lead);
    dropOldest(this.#leads);
    return lead;
  }

  #await(config: string): void {
    const layers = this.#layers.get(config);
    this.#layers.delete(config);
    this.#layers.set(config, layers);
    dropOldest(this.#layers);
  }

  #name(digest: string, more: Iterable<Name>): void {
    const { names } = this.#lead(digest);
    for (const name of more) {
      names.delete(imageText(name));
      names.set(imageText(name), name);
    }
    for (const oldest of [...names.keys()].slice(0, -mostTold.names)) names.delete(oldest);
  }

  async #tellOf(digest: string): Promise<void> {
    const { names, parts } = this.#lead(digest);
    const images = [digest, ...parts].flatMap((each) => this.#imageOf(each));
    // bulkheadd may know by its digest which image it is.
    const told = images.length === 0 ? [{ names: [...names.values()] }] : images;
    await Promise.all(told.map((each) => this.#tell(each)));
  }

  #imageOf(digest: string): PulledFacts[] {
    const { names, config } = this.#leads.get(digest) ?? {};
    const layers = config === undefined ? undefined : this.#layers.get(config);
    if (names === undefined || config === undefined || layers === undefined) return [];
    return [{ names: [...names.values()], image: { id: config, layers: [...layers] } }];
  }
}

function layersIn(config: Buffer): readonly string[] | undefined {
  try {
    return configSchema.parse(JSON.parse(config.toString())).rootfs.diff_ids;
  } catch {
    return undefined;
  }
}

function dropOldest(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
