import type { Decision } from '../../common/audit-event.js';
import { reasonOf } from '../../common/errors/rule-of.js';
import type { Logger } from '../../common/log.js';
import {
  decideSocketMount,
  deniedBecause,
  type ImageWithParents,
  type SocketDecision,
  type SocketMountPolicy,
  shownImage,
} from '../../gate/socket-mount/decide-image.js';
import type { ContainerRecord } from './container-record.js';
import type { FilteredSockets } from './filtered-sockets.js';
import type { ImageLookup } from './image-lookup.js';
import type { ImageMemory } from './image-memory.js';

/** Milliseconds a start waits for the engine to say something about an image. It asks no registry, so it answers at once or is not up. */
const longestAnswer = 5000;

export interface SocketGrantsOptions {
  readonly policy: SocketMountPolicy;
  readonly memory: ImageMemory;
  readonly lookup: ImageLookup;
  readonly sockets: Pick<FilteredSockets, 'open'>;
  /** Whether the engine answers: at its own start it does not, before the containers run that start with it. */
  readonly engineReady: () => boolean;
  readonly recordOf: (containerId: string) => ContainerRecord | undefined;
  /** Takes each decision into the audit log. */
  readonly audit: (decision: Decision) => void;
  readonly log: Logger;
}

export type Grant =
  | { readonly kind: 'granted'; readonly path: string }
  | { readonly kind: 'denied'; readonly image: string; readonly because: string };

/** The answer for a container that is about to start and binds the Docker socket. */
export type GrantSocket = (containerId: string) => Promise<Grant>;

/**
 * Decides at each start, on the image the container really has: what was decided when it was made, by a name that may lead to another image since, plays
 * no part, nor does a policy that was in force then.
 */
export function createSocketGrants(options: SocketGrantsOptions): GrantSocket {
  const { sockets, recordOf } = options;
  return async (containerId) => {
    const record = recordOf(containerId);
    const decision = record === undefined ? undefined : await decideById(record.imageId, options);
    options.audit({
      kind: 'socket-mount',
      outcome: decision?.kind === 'allowed' ? 'allowed' : 'refused',
      who: { kind: 'engine' },
      container: containerId,
      ...(record === undefined ? {} : { image: record.image }),
      ...(decision?.kind === 'allowed' ? {} : { ...reasonOf('BH_ISOLATION_DOCKER_SOCKET'), rule: 'binds' }),
    });
    if (record === undefined || decision === undefined)
      return { kind: 'denied', image: containerId, because: 'its image is not known' };
    if (decision.kind === 'denied')
      return { kind: 'denied', image: shownImage(record.image), because: deniedBecause(decision) };
    const { image, imageId } = record;
    return { kind: 'granted', path: await sockets.open({ containerId, image, imageId }) };
  };
}

/** The decision about an image the engine has, or had: then by what is remembered of it. */
export async function decideById(
  imageId: string,
  {
    policy,
    memory,
    lookup,
    engineReady,
    log,
  }: Pick<SocketGrantsOptions, 'policy' | 'memory' | 'lookup' | 'engineReady' | 'log'>,
): Promise<SocketDecision> {
  const remembered = memory.get(imageId) ?? unknownImage(imageId);
  const decision = decideSocketMount(remembered, policy);
  if (decision.kind === 'allowed' || policy.images.empty || !engineReady()) return decision;
  const asked = await answered(lookup(imageId)).catch((error: unknown) => {
    log.warn({ err: error, image: imageId }, 'the engine does not say what an image is');
    return undefined;
  });
  return asked === undefined ? decision : decideSocketMount(asked, policy);
}

/** In no list, but in that of every image, or of this very id. */
function unknownImage(id: string): ImageWithParents {
  return { id, names: [], digests: [], parents: [] };
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    AbortSignal.timeout(longestAnswer).addEventListener('abort', () => {
      reject(new Error('no answer'));
    });
  });
  return Promise.race([answer, late]);
}
