import type { Mount } from '../../oci/mounts.js';
import type { Rule } from '../draft.js';
import { isPrivileged } from '../privileged.js';
import { refuse } from '../refuse.js';
import type { IsolationRequest } from '../request.js';

const name = 'cgroups';

/** `memory.high` and the like: a file of the container's own cgroup, no path. */
const cgroupFile = /^[a-z]+(\.[a-z0-9_]+)+$/;

/**
 * Threat: a container in a cgroup of another container or of the engine is charged to it, can be made to exhaust it,
 * and on v2 may be handed its files. So the cgroup is exactly the container's own below a known parent.
 *
 * A privileged container gets its cgroup file system writable: then runc hands it the cgroup (delegation), and
 * systemd or an inner engine can divide it. Its limits are set one level up and stay.
 */
export const cgroupsRule: Rule = {
  name,
  apply(draft, request) {
    const { policy } = request;
    const path = draft.spec.linux.cgroupsPath ?? '';
    if (!ownCgroups(request).includes(path)) {
      refuse('BH_ISOLATION_CGROUP', name, policy, { path: path === '' ? '(none)' : path });
    }
    const foreign = Object.keys(draft.spec.linux.resources?.unified ?? {}).find(
      (key) => !cgroupFile.test(key),
    );
    if (foreign !== undefined) {
      refuse('BH_ISOLATION_FIELD_REFUSED', name, policy, {
        field: `linux.resources.unified ${foreign}`,
        reason: 'it is not the name of a cgroup file',
      });
    }
    if (!isPrivileged(request.spec)) return draft;
    return { ...draft, spec: { ...draft.spec, mounts: (draft.spec.mounts ?? []).map(writableCgroup) } };
  },
};

function ownCgroups({ container, policy }: IsolationRequest): string[] {
  return policy.cgroupParents.flatMap((parent) => [
    `${parent}/${container.id}`,
    `${parent}/buildkit/${container.id}`,
  ]);
}

function writableCgroup(mount: Mount): Mount {
  if (mount.type !== 'cgroup' && mount.type !== 'cgroup2') return mount;
  return { ...mount, options: (mount.options ?? []).filter((option) => option !== 'ro' && option !== 'rro') };
}
