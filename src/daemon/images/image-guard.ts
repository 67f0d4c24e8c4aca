import { z } from 'zod';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import type { PulledFacts } from '../../common/pulled-image.js';
import { type CompiledRules, decideOrigin, type ImageOrigin, imageText } from '../../egress/index.js';
import { PullProgress } from '../../gate/pull-progress.js';
import type { RequestBody } from '../../gate/request-body.js';
import { usedImages } from '../../gate/used-images.js';
import type { Refusal } from '../../isolation/plan.js';
import type { EngineClient } from '../engine/engine-client.js';
import type { BodyWatch, Exchange } from '../gate/exchange.js';
import type { ContainerRecord } from '../socket-mount/container-record.js';
import { pulledRepository } from './pulled-repository.js';
import type { ImageRecords } from './image-records.js';
import { chainsOf } from './layer-chain.js';
import type { NotedLayers } from './noted-layers.js';
import { originOfChain, originOfImage } from './origin-of.js';
import type { PulledImages } from './pulled-images.js';

export interface ImageGuardOptions {
  readonly rules: Pick<CompiledRules, 'images' | 'contact'>;
  readonly records: ImageRecords;
  readonly memory: PulledImages;
  readonly noted: NotedLayers;
  readonly client: Pick<EngineClient, 'call'>;
  readonly recordOf: (containerId: string) => ContainerRecord | undefined;
  readonly log: Logger;
}

/** Holds images that are there to the rules in force now, and remembers what they were pulled by, for those of later. */
export interface ImageGuard {
  /** POST /containers/create, for an early and friendly answer. Rejects with a refusal. */
  judgeBody(exchange: Pick<Exchange, 'operation'>, body: Pick<RequestBody, 'folded'>): Promise<void>;
  /** Of a container that is about to start, by the image it really has: a name may have led to another one when it was made. */
  refusalOf(containerId: string): Refusal | undefined;
  /**
   * Of a build step, of which dockerd has no record.
   *
   * @param shown the directories of the layers of each of its mounts, the topmost first (`shown-layers.ts`).
   */
  refusalOfStep(shown: readonly (readonly string[])[]): Refusal | undefined;
  watch(exchange: Pick<Exchange, 'operation' | 'request'>, status: number): BodyWatch | undefined;
  /** What the gateway saw the engine pull, by builds as well, of which nothing here is asked. */
  remember(pulled: PulledFacts): void;
  /** POST /images/{name}/push, before the engine sees it, and with rules or without: it forgets then where layers came from. */
  beforePush(exchange: Pick<Exchange, 'operation'>): Promise<void> | undefined;
}

const imageSchema = z.looseObject({ Id: z.string() });

export function createImageGuard(options: ImageGuardOptions): ImageGuard {
  const { rules, records, noted, client, recordOf, log } = options;
  const { images } = rules;
  const check = (image: string, origin: ImageOrigin): void => {
    const verdict = images === undefined ? undefined : decideOrigin(images, origin, rules.contact);
    if (verdict?.verdict === 'refuse')
      throw new BulkheadError('BH_IMAGE_ORIGIN', { ...verdict.error.params, image });
  };
  return {
    async judgeBody({ operation }, { folded }) {
      if (images === undefined || operation.id !== 'ContainerCreate') return;
      for (const image of usedImages(folded)) {
        const { status, body } = await client.call('GET', `/images/${encodeURIComponent(image)}/json`);
        // Otherwise there is none, and the engine says so.
        if (status === 200) check(image, originOfImage(imageSchema.parse(JSON.parse(body)).Id, options));
      }
    },
    refusalOf(containerId) {
      if (images === undefined) return undefined;
      const record = recordOf(containerId);
      const { root, mounted } = records.chainsOfContainer(containerId);
      return refusalFrom(() => {
        if (record !== undefined) check(record.image, originOfImage(record.imageId, options, root));
        else if (root !== undefined) check('its image', originOfChain(root, options));
        for (const chain of mounted)
          // Of the same layers as its own, which its names say more of.
          if (chain !== root) check('an image it mounts', originOfChain(chain, options));
      });
    },
    refusalOfStep(shown) {
      if (images === undefined) return undefined;
      return refusalFrom(() => {
        for (const directories of shown) {
          const looked = new Set<string>();
          for (const chain of records.chainsOfDirectories(directories)) {
            // What is below another says less than that.
            if (looked.has(chain)) continue;
            check('what a build step is made of', originOfChain(chain, options));
            for (const below of chainsOf(records.layersOfChain(chain))) looked.add(below);
          }
        }
      });
    },
    beforePush({ operation }) {
      if (operation.id !== 'ImagePush') return undefined;
      return records
        .notes()
        .then((notes) => noted.learn(notes))
        .catch((error: unknown) => {
          log.warn({ err: error }, 'where layers came from is not remembered');
        });
    },
    watch({ operation, request: { query } }, status) {
      const repository = status === 200 ? pulledRepository(operation, query) : undefined;
      if (repository === undefined) return undefined;
      const progress = new PullProgress();
      return (content) => {
        for (const version of progress.push(content)) learn({ repository, ...version }, options);
      };
    },
    remember: (pulled) => remember(pulled, options),
  };
}

function refusalFrom(check: () => void): Refusal | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { rule: 'image-access', code: error.code, message: error.message };
  }
}

/** What a pull has brought. Nothing hangs on it at once, so a full disk does not end the pull. */
function learn(
  name: { readonly repository: string; readonly tag: string | undefined; readonly digest: string },
  { records, memory, log }: Pick<ImageGuardOptions, 'records' | 'memory' | 'log'>,
): void {
  try {
    const id = records.idOf(name.repository, name.digest);
    // Somebody has taken the name away meanwhile.
    if (id === undefined) return;
    const chain = chainsOf(records.layersOf(id) ?? []).at(-1);
    memory.learn({ id, names: [name], ...(chain === undefined ? {} : { chain }) });
  } catch (error) {
    log.warn({ err: error, name: imageText(name) }, notRemembered);
  }
}

const notRemembered = 'what an image was pulled by is not remembered';

/** The gateway has held every part of an image against its digest. Of a name alone the image is known by that, where it was pulled before. */
function remember(
  { names, image }: PulledFacts,
  { memory, log }: Pick<ImageGuardOptions, 'memory' | 'log'>,
): void {
  try {
    if (image === undefined) {
      for (const name of names)
        for (const known of memory.withDigest(name.digest)) memory.learn({ ...known, names: [name] });
      return;
    }
    const chain = chainsOf(image.layers).at(-1);
    memory.learn({ id: image.id, names, ...(chain === undefined ? {} : { chain }) });
  } catch (error) {
    log.warn({ err: error, names: names.map(imageText) }, notRemembered);
  }
}
