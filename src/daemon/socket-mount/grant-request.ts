import { isSocketName } from '../../gate/socket-mount/socket-source.js';
import type { SocketGrant } from '../../isolation/request.js';
import { isBind } from '../../isolation/sources.js';
import type { RuntimeSpec } from '../../oci/runtime-spec.js';
import type { Grant } from './socket-grants.js';

/** What starting a container needs of the Docker sockets of containers. */
export interface SocketMounts {
  grant(containerId: string): Promise<Grant>;
  /** The container has its ids. */
  started(containerId: string): void;
}

/**
 * What is decided about the Docker socket for a container; undefined where none of its binds names it.
 *
 * @param next index of the next path to open.
 */
export async function grantFor(
  spec: RuntimeSpec,
  containerId: string,
  next: number,
  sockets: SocketMounts,
): Promise<SocketGrant | undefined> {
  const wishes = (spec.mounts ?? []).filter((mount) => isBind(mount) && isSocketName(mount.source ?? ''));
  if (wishes.length === 0) return undefined;
  const grant = await sockets.grant(containerId);
  return grant.kind === 'denied' ? grant : { ...grant, indices: wishes.map((_, at) => next + at) };
}

/** The paths to be opened for it, each clone of its own. */
export function grantedPaths(grant: SocketGrant | undefined): readonly string[] {
  return grant?.kind === 'granted' ? grant.indices.map(() => grant.path) : [];
}
