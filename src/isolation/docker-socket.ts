import { idMappable } from '../common/id-mappable.js';
import type { Mount } from '../oci/mounts.js';
import type { Draft } from './draft.js';
import type { StagedBind } from './plan.js';
import { refuse } from './refuse.js';
import type { IsolationRequest } from './request.js';

/**
 * What a container gets that binds the Docker socket. Threat: the engine's own socket is root in the VM, past the gate and the policy. It is never
 * bound: what the client names is an empty file, and in its place comes a socket that bulkheadd made for this start of this container, behind
 * which the gate knows whom it serves. It must be the very path bulkheadd gave, opened by the front door.
 *
 * Throws a RuleRefusal where the image of the container is not allowed to have one.
 */
export function ownSocket(
  mount: Mount,
  rule: string,
  { binds }: Draft,
  request: IsolationRequest,
): StagedBind {
  const { dockerSocket: grant, facts, policy } = request;
  const source = mount.source ?? '';
  if (grant?.kind === 'denied')
    refuse('BH_ISOLATION_DOCKER_SOCKET', rule, policy, { image: grant.image, because: grant.because });
  const index = grant?.indices.find((at) => !binds.some((bind) => bind.index === at));
  const fact = index === undefined ? undefined : facts[index];
  if (
    grant === undefined ||
    index === undefined ||
    fact?.opened !== true ||
    fact.path !== grant.path ||
    fact.realPath !== grant.path ||
    fact.kind !== 'socket' ||
    !idMappable(fact.mount.filesystem)
  )
    refuse('BH_ISOLATION_RESTRICTED_MOUNT', rule, policy, { source });
  return {
    index,
    readonly: (mount.options ?? []).some((option) => option === 'ro' || option === 'rro'),
    nosuid: true,
    nodev: true,
    noexec: true,
    idmap: true,
    recursive: false,
  };
}
