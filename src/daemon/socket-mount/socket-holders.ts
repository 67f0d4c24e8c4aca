import { z } from 'zod';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { joinedContainer } from '../../gate/joined-network.js';
import { isFullId } from '../../common/container-id.js';
import { isWithin, type PermittedOperations } from '../../gate/socket-mount/command-rules.js';
import type { SocketDecision } from '../../gate/socket-mount/decide-image.js';
import { isSocketName } from '../../gate/socket-mount/socket-source.js';
import { type EngineClient, readEngine } from '../engine/engine-client.js';
import type { SocketOwner } from './filtered-sockets.js';

const mode = z.string().nullish();
const containerSchema = z.looseObject({
  Id: z.string(),
  Image: z.string(),
  Mounts: z.array(z.looseObject({ Source: mode })).nullish(),
  HostConfig: z.looseObject({ NetworkMode: mode, PidMode: mode, IpcMode: mode }).nullish(),
});
const idSchema = z.looseObject({ Id: z.string() });
const execSchema = z.looseObject({ ContainerID: z.string() });
/** Containers joined to containers; more than anybody has. */
const longestChain = 16;

export interface SocketHoldersOptions {
  readonly client: Pick<EngineClient, 'call'>;
  readonly decideById: (imageId: string) => Promise<SocketDecision>;
  /** Containers that run in the same user namespace as this one (full id) and have a Docker socket. */
  readonly ownersBeside: (containerId: string) => readonly Pick<SocketOwner, 'containerId' | 'imageId'>[];
}

/**
 * Whether a container, or one that shares its namespaces and whose files can so be reached from it, has a Docker socket for more than these
 * operations: it may have joined theirs, or they its own.
 *
 * @param reference as the client named it; what names nothing reaches nothing.
 * @param except the container that asks: what it has is its own.
 */
export async function reachesMore(
  reference: string,
  except: string,
  permitted: PermittedOperations,
  options: SocketHoldersOptions,
): Promise<boolean> {
  const hasMore = async (imageId: string): Promise<boolean> => {
    const decision = await options.decideById(imageId);
    return decision.kind === 'allowed' && !isWithin(decision.permitted, permitted);
  };
  let references = [reference];
  const seen = new Set<string>([except]);
  for (let round = 0; references.length > 0; round += 1) {
    if (round === longestChain) return true;
    const next: string[] = [];
    for (const name of references) {
      const found = await readEngine(
        options.client,
        `/containers/${encodeURIComponent(name)}/json`,
        containerSchema,
      );
      if (found === undefined || seen.has(found.Id)) continue;
      seen.add(found.Id);
      if (
        (found.Mounts ?? []).some(({ Source }) => isSocketName(Source ?? '')) &&
        (await hasMore(found.Image))
      )
        return true;
      for (const { containerId, imageId } of options.ownersBeside(found.Id))
        if (containerId !== except && (await hasMore(imageId))) return true;
      const { NetworkMode, PidMode, IpcMode } = found.HostConfig ?? {};
      next.push(...[NetworkMode, PidMode, IpcMode].flatMap((text) => joinedContainer(text ?? '') ?? []));
    }
    references = next;
  }
  return false;
}

/**
 * The full id of a container. Threat: between a look at a name and the engine's own it is given to another one, for which whoever asks has all the time they
 * take to send a body.
 *
 * Rejects with `BH_GATE_CONTAINER_UNKNOWN` where nothing has the name: something may have it by then.
 */
export async function idOf(
  reference: string,
  { client }: Pick<SocketHoldersOptions, 'client'>,
): Promise<string> {
  if (isFullId(reference)) return reference;
  const found = await readEngine(client, `/containers/${encodeURIComponent(reference)}/json`, idSchema);
  if (found === undefined) throw new BulkheadError('BH_GATE_CONTAINER_UNKNOWN', { container: reference });
  return found.Id;
}

/** The container a process was started in by `exec`; undefined where there is none. */
export async function containerOfExec(
  id: string,
  options: SocketHoldersOptions,
): Promise<string | undefined> {
  return (await readEngine(options.client, `/exec/${encodeURIComponent(id)}/json`, execSchema))?.ContainerID;
}
