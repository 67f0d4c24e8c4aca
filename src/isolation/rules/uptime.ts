import { type Rule, withLinux } from '../draft.js';

/**
 * Threat: /proc/uptime and CLOCK_BOOTTIME of the VM tell a container how long its host has been up, and programs take that for their
 * own age. A time namespace (time_namespaces(7)) begins the container's boot-time clock at its start; nothing else of time changes:
 * the kernel shifts start times of processes along with it, and CLOCK_MONOTONIC is left alone because tools compare it between containers.
 *
 * A specification that already says something of time is left as it is.
 */
export const uptimeRule: Rule = {
  name: 'uptime',
  why: 'a container counts its uptime from its own start, not from that of the VM',
  apply(draft, { uptimeSeconds }) {
    const { namespaces = [], timeOffsets } = draft.spec.linux;
    if (uptimeSeconds === undefined || timeOffsets !== undefined) return draft;
    if (namespaces.some(({ type }) => type === 'time')) return draft;
    return withLinux(draft, {
      namespaces: [...namespaces, { type: 'time' }],
      timeOffsets: { boottime: { secs: -uptimeSeconds, nanosecs: 0 } },
    });
  },
};
