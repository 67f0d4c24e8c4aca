import { isFullId } from '../../common/container-id.js';
import type { EngineClient } from '../engine/engine-client.js';
import { readNetworkMembers } from '../engine/network-members.js';

/** Who is in the networks from which something may get out, with the addresses there. */
export interface Attachments {
  /** By full id. */
  readonly containers: ReadonlyMap<string, readonly string[]>;
  readonly builds: readonly string[];
}

/** BuildKit's own name for a step; what has neither this form nor that of a container is in no network yet, or is the engine's own. */
const buildStep = /^[0-9a-z]{25}$/;

/** As the engine says now, also of containers that are starting, which may have connected to somebody already. */
export async function readAttachments(client: Pick<EngineClient, 'call'>): Promise<Attachments> {
  const containers = new Map<string, string[]>();
  const builds: string[] = [];
  for (const { id, ipv4, ipv6 } of await readNetworkMembers(client)) {
    const addresses = [ipv4, ipv6].filter((address) => address !== undefined);
    if (buildStep.test(id)) builds.push(...addresses);
    if (isFullId(id)) containers.set(id, [...(containers.get(id) ?? []), ...addresses]);
  }
  return { containers, builds: builds.sort() };
}
