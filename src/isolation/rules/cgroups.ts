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
 * A privileged container gets its cgroup file system writable and its cgroup delegated, so that systemd or an inner engine
 * can divide it: the directory becomes its root's, the files with its limits stay the VM's. On v1 a child escapes its parent's
 * limits where the controller is not hierarchical, so a hierarchy in which such a limit is set is not delegated.
 */
export const cgroupsRule: Rule = {
  name,
  why: 'a container controls its own cgroup and no other',
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
    const mounts = (draft.spec.mounts ?? []).map(writableCgroup);
    return { ...draft, delegated: delegable(request), spec: { ...draft.spec, mounts } };
  },
};

function ownCgroups({ container, policy }: IsolationRequest): string[] {
  return policy.cgroupParents.flatMap((parent) => [
    `${parent}/${container.id}`,
    `${parent}/buildkit/${container.id}`,
  ]);
}

/**
 * The v1 hierarchies whose limits bind every descendant: all but blkio's throttling and what marks packets (Linux 6.18,
 * block/blk-throttle.c throtl_pd_init, net/core/netclassid_cgroup.c), which matter only where they are used.
 */
function delegable({ engine, spec }: IsolationRequest): readonly string[] {
  const { blockIO, network } = spec.linux.resources ?? {};
  const throttled =
    blockIO !== undefined &&
    [
      blockIO.throttleReadBpsDevice,
      blockIO.throttleWriteBpsDevice,
      blockIO.throttleReadIOPSDevice,
      blockIO.throttleWriteIOPSDevice,
    ].some((limits) => limits !== undefined && limits.length > 0);
  return engine.cgroupHierarchies.filter((hierarchy) => {
    const controllers = hierarchy.split(',');
    if (throttled && controllers.includes('blkio')) return false;
    return network === undefined || !controllers.some((controller) => controller.startsWith('net_'));
  });
}

function writableCgroup(mount: Mount): Mount {
  if (mount.type !== 'cgroup' && mount.type !== 'cgroup2') return mount;
  return { ...mount, options: (mount.options ?? []).filter((option) => option !== 'ro' && option !== 'rro') };
}
