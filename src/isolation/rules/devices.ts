import type { Device, DeviceRule } from '../../oci/devices.js';
import { type Draft, type Rule, withLinux } from '../draft.js';
import type { DeviceNode } from '../policy.js';
import { isPrivileged } from '../privileged.js';
import { refuse } from '../refuse.js';
import type { IsolationRequest } from '../request.js';

const name = 'devices';

/** Devices every container has (config-linux.md "Default Devices"), and pseudo-terminals, which have any minor. */
const basic: readonly DeviceNode[] = [
  { path: '/dev/null', major: 1, minor: 3 },
  { path: '/dev/zero', major: 1, minor: 5 },
  { path: '/dev/full', major: 1, minor: 7 },
  { path: '/dev/random', major: 1, minor: 8 },
  { path: '/dev/urandom', major: 1, minor: 9 },
  { path: '/dev/tty', major: 5, minor: 0 },
];

/** runc makes these itself; taken from the list it would bind the VM's console into the container. */
const madeByRunc = new Set(['/dev/console', '/dev/ptmx']);

const alwaysAllowed: readonly DeviceRule[] = [
  ...basic.map(({ major, minor }) => allow(major, minor)),
  allow(5, 1),
  allow(5, 2),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

/**
 * Threat: a disk, /dev/kmsg, /dev/vsock or a GPU node opens the VM or the host below every namespace. In a user namespace
 * runc cannot make nodes: it binds the VM's node of the same *path*, whatever numbers the specification says, so a
 * device must match the list in path and numbers both.
 *
 * The device cgroup gets deny-all and the same list. `--privileged` makes the engine list every node of the VM; that
 * list is cut down without a word. A device or rule somebody asked for by name is refused.
 */
export const devicesRule: Rule = {
  name,
  why: 'only devices on the list are reachable: a node of a disk or of the hypervisor lies below every namespace',
  apply(draft, request) {
    const { resources = {}, devices = [] } = draft.spec.linux;
    const listed = [...basic, ...request.policy.devices];
    const granted = isPrivileged(request.spec)
      ? devices.filter((device) => isOn(listed, device))
      : requested(draft, listed, request);
    const rules: DeviceRule[] = [
      { allow: false, access: 'rwm' },
      ...alwaysAllowed,
      ...request.policy.devices
        .filter((node) => granted.some((device) => isOn([node], device)))
        .map(({ major, minor }) => allow(major, minor)),
    ];
    return withLinux(draft, { devices: granted, resources: { ...resources, devices: rules } });
  },
};

function allow(major: number, minor: number): DeviceRule {
  return { allow: true, type: 'c', major, minor, access: 'rwm' };
}

function isOn(nodes: readonly DeviceNode[], { path, type, major, minor }: Device): boolean {
  return (
    (type === 'c' || type === 'u') &&
    nodes.some((node) => node.path === path && node.major === major && node.minor === minor)
  );
}

function requested({ spec }: Draft, listed: readonly DeviceNode[], { policy }: IsolationRequest): Device[] {
  const devices = (spec.linux.devices ?? []).filter(({ path }) => !madeByRunc.has(path));
  const strange = devices.find((device) => !isOn(listed, device));
  if (strange !== undefined) {
    const { path, type, major, minor } = strange;
    const device = `${path} (${type} ${String(major)}:${String(minor)})`;
    refuse('BH_ISOLATION_DEVICE', name, policy, { device });
  }
  const wild = (spec.linux.resources?.devices ?? []).find((rule) => !isCovered(rule, listed));
  if (wild !== undefined) {
    const number = (value: Device['major']) => (value === undefined || value === -1 ? '*' : String(value));
    const device = `${wild.type ?? 'a'} ${number(wild.major)}:${number(wild.minor)} ${wild.access ?? ''}`;
    refuse('BH_ISOLATION_DEVICE', name, policy, { device });
  }
  return devices;
}

/** Whether a rule of the specification allows no more than the list: all rules are replaced, so this is for the message. */
function isCovered(rule: DeviceRule, listed: readonly DeviceNode[]): boolean {
  if (!rule.allow || rule.access === 'm' || rule.access === '') return true;
  const fixed = alwaysAllowed.some(
    ({ type, major, minor }) =>
      type === rule.type && major === rule.major && (minor === undefined || minor === rule.minor),
  );
  return (
    fixed ||
    (rule.type === 'c' && listed.some(({ major, minor }) => major === rule.major && minor === rule.minor))
  );
}
