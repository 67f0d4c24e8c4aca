import { parseRuntimeSpec, serialiseRuntimeSpec } from '../oci/runtime-spec.js';
import { decide } from './decide.js';
import type { IsolationPolicy } from './policy.js';
import type { EngineFacts } from './request.js';

const id = 'warm-up';

/** A container as ordinary as possible, in the one respect that matters here: every part of the schema is entered. */
const config = JSON.stringify({
  ociVersion: '1.2.1',
  root: { path: 'rootfs' },
  hostname: id,
  process: {
    user: { uid: 0, gid: 0 },
    args: ['true'],
    env: ['PATH=/bin'],
    cwd: '/',
    capabilities: { bounding: ['CAP_CHOWN'] },
    rlimits: [],
  },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid'] }],
  hooks: {},
  linux: {
    cgroupsPath: `/docker/${id}`,
    namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
    resources: { devices: [{ allow: false, access: 'rwm' }], memory: {}, cpu: {}, pids: { limit: 10 } },
    seccomp: {
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [{ names: ['read', 'socket'], action: 'SCMP_ACT_ALLOW' }],
    },
    sysctl: { 'net.ipv4.ping_group_range': '0 2147483647' },
    devices: [],
    maskedPaths: ['/proc/kcore'],
    readonlyPaths: ['/proc/sys'],
  },
});

/**
 * Decides about one made-up container, so that the first real one does not wait for schemas and code to be made ready
 * (about 30 ms natively, many times that under TCG). Nothing comes of it.
 *
 * @returns whether a plan was made, which only a test looks at.
 */
export function warmUp(engine: EngineFacts, policy: IsolationPolicy): boolean {
  const parsed = parseRuntimeSpec(config);
  if (!parsed.ok) return false;
  const mount = {
    mountPoint: engine.dataRoot.path,
    root: engine.dataRoot.within,
    filesystem: 'ext4',
    source: id,
    mountOptions: [],
    superOptions: [],
  };
  const path = `${engine.dataRoot.path}/${id}`;
  const decision = decide({
    spec: parsed.spec,
    container: { id, bundle: `/run/${id}` },
    facts: [
      {
        path,
        opened: true,
        realPath: path,
        kind: 'directory',
        rdev: '0:0',
        device: engine.dataRoot.device,
        inode: '1',
        filesystemMagic: 0xef53,
        mount,
      },
    ],
    namespaces: [],
    imageLayers: [],
    ids: { base: 100_000, size: 65_536 },
    engine,
    policy,
  });
  return decision.kind === 'plan' && serialiseRuntimeSpec(decision.plan.spec) !== '';
}
