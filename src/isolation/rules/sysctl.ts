import { type Rule, withLinux } from '../draft.js';
import { refuse } from '../refuse.js';

const name = 'sysctl';
const domainname = 'kernel.domainname';
const pingGroupRange = /^net[./]ipv4[./]ping_group_range$/;

/** Settings the kernel keeps for each network, ipc or uts namespace (docker run --sysctl's own list, and host names). */
const confined =
  /^(net[./][\w.\-/@:]+|kernel\.(shm(all|max|mni|_rmid_forced)|msg(max|mnb|mni)|sem|hostname|domainname)|fs\.mqueue\.\w+)$/;

/**
 * Threat: a sysctl that is not namespaced changes the VM for everyone. runc writes them as the container's root, so the
 * kernel would refuse most; a name with `..` in it or a setting that forgets the check would not be.
 *
 * dockerd sets ping_group_range to `0 2147483647`, which is EINVAL in a user namespace without those ids and would fail
 * every container; its end is clamped to the last id there is.
 *
 * `--domainname` reaches runc as the setting kernel.domainname, whose file belongs to root of the VM and cannot be opened by the container's.
 * The specification's own field of that name is set by setdomainname(2), which asks for a right over the uts namespace alone.
 */
export const sysctlRule: Rule = {
  name,
  why: "only settings the kernel keeps for each namespace can be the container's own",
  apply(draft, { policy }) {
    const { sysctl } = draft.spec.linux;
    if (sysctl === undefined) return draft;
    const entries = Object.entries(sysctl).map(([key, value]): [string, string] => {
      if (!confined.test(key) || /\.\.|\/\/|\/\.\//.test(key))
        refuse('BH_ISOLATION_SYSCTL', name, policy, { name: key });
      return [key, pingGroupRange.test(key) ? clampRange(value, draft.ids.size - 1) : value];
    });
    const { [domainname]: domain, ...settings } = Object.fromEntries(entries);
    const changed = withLinux(draft, { sysctl: settings });
    return domain === undefined ? changed : { ...changed, spec: { ...changed.spec, domainname: domain } };
  },
};

/** `low high` with both ends at most `highest`; anything else is left for the kernel to refuse. */
function clampRange(value: string, highest: number): string {
  const range = /^\s*(\d+)\s+(\d+)\s*$/.exec(value);
  if (range === null) return value;
  // `1 0` means nobody: an empty range must not become one id by clamping.
  return range
    .slice(1)
    .map((end) => Math.min(Number(end), highest))
    .join(' ');
}
