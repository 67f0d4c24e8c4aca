import { posix } from 'node:path';
import type { Mount } from '../../oci/mounts.js';
import type { Rule } from '../draft.js';
import { isKnownBindOption, isKnownOption, isKnownType } from '../mount-options.js';
import { pathBelow } from '../places.js';
import { refuse } from '../refuse.js';
import type { IsolationRequest } from '../request.js';
import { isBind, isOverlay } from '../sources.js';
import { isBuildStep } from '../build-step.js';

const name = 'mounts';

/** The only place each kernel file system is mounted; elsewhere masks and read-only paths would miss it. */
const destinationOf: Readonly<Record<string, string>> = {
  proc: '/proc',
  sysfs: '/sys',
  cgroup: '/sys/fs/cgroup',
  cgroup2: '/sys/fs/cgroup',
  mqueue: '/dev/mqueue',
  devpts: '/dev/pts',
};

/** What runc lets a bind cover below /proc (its checkProcMount): files that only inform. */
const coverable = new Set([
  '/proc/cpuinfo',
  '/proc/diskstats',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/swaps',
  '/proc/uptime',
  '/proc/loadavg',
  '/proc/slabinfo',
  '/proc/sys/kernel/ns_last_pid',
  '/proc/sys/crypto/fips_enabled',
]);

/** What BuildKit writes for the merged layers of a stage, which it never asks to write to by this way. */
const knownOverlayOption = /^(lowerdir=.+|index=off|redirect_dir=off|ro)$/s;

/**
 * Threat: a file system type or option nobody has judged may reach host state (overlay, nfs, block devices, debugfs),
 * and a mount over /proc or /sys can fake what security modules read (CVE-2019-19921, CVE-2023-27561, CVE-2025-52881).
 * Only what dockerd and BuildKit write is known; the rest is refused by name. The overlay of a build step is one of those:
 * rule binds looks at its layers, and stages it.
 */
export const mountsRule: Rule = {
  name,
  why: 'file systems, options and places nobody has judged may reach state of the VM',
  apply(draft, request) {
    for (const mount of draft.spec.mounts ?? []) {
      checkDestination(mount, request);
      checkTypeAndOptions(mount, request);
    }
    return draft;
  },
};

function checkDestination(mount: Mount, { policy }: IsolationRequest): void {
  const { destination } = mount;
  const no = (reason: string) => refuse('BH_ISOLATION_MOUNT', name, policy, { destination, reason });
  if (!destination.startsWith('/') || destination.split('/').includes('..') || destination.includes('\0'))
    no('it is not a plain absolute path');
  const clean = posix.normalize(`${destination}/`).replace(/(?<=.)\/$/, '');
  if (clean === '/') no('the root file system may not be covered');
  const type = isBind(mount) ? undefined : mount.type;
  if (type !== undefined && destinationOf[type] === clean) return;
  const belowProc = pathBelow('/proc', clean) !== undefined;
  if (belowProc && !(isBind(mount) && coverable.has(clean))) no('/proc must stay what the kernel shows');
  if (pathBelow('/sys', clean) !== undefined) no('/sys must stay what the kernel shows');
}

function checkTypeAndOptions(mount: Mount, request: IsolationRequest): void {
  const { policy } = request;
  const { destination, options = [], type = '' } = mount;
  const no = (reason: string) => refuse('BH_ISOLATION_MOUNT', name, policy, { destination, reason });
  if ((mount.uidMappings ?? mount.gidMappings) !== undefined) no('it brings its own id mapping');
  if (isBind(mount)) {
    if (type !== 'bind' && type !== 'none' && type !== '')
      no(`type ${type} and a bind contradict each other`);
    const unknown = options.find((option) => !isKnownBindOption(option));
    if (unknown !== undefined) no(`option ${unknown} is not known here`);
    return;
  }
  if (isOverlay(mount) && isBuildStep(request)) {
    const unknown = options.find((option) => !knownOverlayOption.test(option));
    if (unknown !== undefined) no(`option ${unknown} is not known here for overlay`);
    return;
  }
  if (!isKnownType(type)) no(`file system type ${type === '' ? '(none)' : type} is not known here`);
  const unknown = options.find((option) => !isKnownOption(type, option));
  if (unknown !== undefined) no(`option ${unknown} is not known here for ${type}`);
  const only = destinationOf[type];
  if (only !== undefined && posix.normalize(destination) !== only)
    no(`${type} may only be mounted on ${only}`);
}
