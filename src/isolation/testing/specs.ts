import type { RuntimeSpec } from '../../oci/runtime-spec.js';
import { dockerSeccomp } from './docker-seccomp.js';

/**
 * Specifications as dockerd 28.5 and BuildKit write them, from their sources (moby `oci/defaults.go`,
 * `daemon/oci_linux.go`; buildkit `executor/oci`). The engine tests capture real ones.
 */

export const containerId = 'c0ffee'.repeat(10) + 'c0ff';
export const buildId = 'kq0v6kq2s1o3v9s3bq3l7m2x1';
export const bundle = `/run/containerd/io.containerd.runtime.v2.task/moby/${containerId}`;
export const buildBundle = `/var/lib/docker/buildkit/executor/${buildId}`;

const defaultCapabilities = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

export const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

const file = (name: string) => ({
  destination: `/etc/${name}`,
  type: 'bind',
  source: `/var/lib/docker/containers/${containerId}/${name}`,
  options: ['rbind', 'rprivate'],
});

/** `docker run -v data:/data -v config:/config:ro IMAGE`. */
export function containerSpec(): RuntimeSpec {
  const rule = (minor: number, major = 1) => ({ allow: true, type: 'c', major, minor, access: 'rwm' });
  return {
    ociVersion: '1.2.1',
    process: {
      user: { uid: 0, gid: 0, additionalGids: [0, 10] },
      args: ['sh', '-c', 'id'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=c0ffeec0ffee'],
      cwd: '/',
      capabilities: {
        bounding: defaultCapabilities,
        effective: defaultCapabilities,
        permitted: defaultCapabilities,
      },
      rlimits: [{ type: 'RLIMIT_MEMLOCK', hard: 18_446_744_073_709_551_615n, soft: 67_108_864 }],
      apparmorProfile: 'docker-default',
      oomScoreAdj: 0,
    },
    root: { path: '/var/lib/docker/overlay2/1111/merged' },
    hostname: 'c0ffeec0ffee',
    mounts: [
      mount('/proc', 'proc', 'proc', 'nosuid', 'noexec', 'nodev'),
      mount('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
      mount(
        '/dev/pts',
        'devpts',
        'devpts',
        'nosuid',
        'noexec',
        'newinstance',
        'ptmxmode=0666',
        'mode=0620',
        'gid=5',
      ),
      mount('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', 'ro'),
      mount('/sys/fs/cgroup', 'cgroup', 'cgroup', 'ro', 'nosuid', 'noexec', 'nodev'),
      mount('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
      mount('/dev/shm', 'tmpfs', 'shm', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=67108864'),
      volumeMount('/config', 'config', 'rbind', 'ro', 'rprivate'),
      volumeMount('/data', 'data', 'rbind', 'rprivate'),
      file('resolv.conf'),
      file('hostname'),
      file('hosts'),
    ],
    hooks: {},
    annotations: { 'com.example.team': 'blue' },
    linux: {
      sysctl: {
        'net.ipv4.ip_unprivileged_port_start': '0',
        'net.ipv4.ping_group_range': '0 2147483647',
      },
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          ...[5, 3, 9, 8].map((minor) => rule(minor)),
          rule(0, 5),
          rule(1, 5),
          { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
        ],
        memory: {},
        cpu: { shares: 0 },
        pids: { limit: 0 },
        blockIO: { weight: 0 },
      },
      cgroupsPath: `/docker/${containerId}`,
      namespaces: [
        { type: 'mount' },
        { type: 'network' },
        { type: 'uts' },
        { type: 'pid' },
        { type: 'ipc' },
        { type: 'cgroup' },
      ],
      seccomp: dockerSeccomp(),
      maskedPaths,
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

/** `docker run --privileged IMAGE`. */
export function privilegedSpec(): RuntimeSpec {
  const {
    seccomp: _seccomp,
    maskedPaths: _masked,
    readonlyPaths: _readonly,
    ...linux
  } = containerSpec().linux;
  const spec = containerSpec();
  const node = (path: string, type: string, major: number, minor: number) => ({
    path,
    type,
    major,
    minor,
    fileMode: 8_630,
    uid: 0,
    gid: 0,
  });
  return {
    ...spec,
    mounts: (spec.mounts ?? []).map((entry) =>
      entry.type === 'sysfs' || entry.type === 'cgroup'
        ? { ...entry, options: (entry.options ?? []).filter((option) => option !== 'ro') }
        : entry,
    ),
    linux: {
      ...linux,
      resources: { ...linux.resources, devices: [{ allow: true, access: 'rwm' }] },
      devices: [
        node('/dev/null', 'c', 1, 3),
        node('/dev/console', 'c', 5, 1),
        node('/dev/fuse', 'c', 10, 229),
        node('/dev/kmsg', 'c', 1, 11),
        node('/dev/vda', 'b', 254, 0),
        node('/dev/vsock', 'c', 10, 121),
      ],
    },
  };
}

/** A `RUN` step of `docker build`. */
export function buildSpec(): RuntimeSpec {
  const { process, linux, ...spec } = containerSpec();
  const { oomScoreAdj: _engineOwn, ...step } = process ?? { user: { uid: 0, gid: 0 }, cwd: '/' };
  const build = (destination: string, source: string) => ({
    destination,
    type: 'bind',
    source: `/var/lib/docker/buildkit/${source}`,
    options: ['nosuid', 'noexec', 'nodev', 'rbind', 'ro'],
  });
  return {
    ...spec,
    hostname: 'buildkitsandbox',
    process: { ...step, rlimits: [] },
    root: { path: `${buildBundle}/rootfs` },
    mounts: [
      ...(spec.mounts ?? []).slice(0, 7),
      build('/etc/resolv.conf', 'executor/resolv.conf'),
      build('/etc/hosts', 'executor/hosts.4kd2j1'),
    ],
    hooks: {
      prestart: [
        {
          path: '/proc/412/exe',
          args: ['libnetwork-setkey', '-exec-root=/var/run/docker', 'a1b2c3d4e5f6', '0123456789ab'],
        },
      ],
    },
    linux: {
      ...linux,
      cgroupsPath: `/docker/buildkit/${buildId}`,
      resources: { devices: [{ allow: false, access: 'rwm' }] },
    },
  };
}

export function mount(destination: string, type: string, source: string, ...options: string[]) {
  return { destination, type, source, options };
}

/** The same with `--security=insecure` (buildkit `util/entitlements/security`). */
export function insecureBuildSpec(): RuntimeSpec {
  const { process, linux, ...spec } = buildSpec();
  const { seccomp: _seccomp, ...open } = linux;
  const bounding = [...defaultCapabilities, 'CAP_SYS_ADMIN', 'CAP_SYS_MODULE'];
  const { devices } = privilegedSpec().linux;
  const any = (type: string) => ({ allow: true, type, access: 'rwm' });
  return {
    ...spec,
    ...(process === undefined
      ? {}
      : { process: { ...process, capabilities: { ...process.capabilities, bounding } } }),
    mounts: (spec.mounts ?? []).map((entry) =>
      entry.type === 'sysfs' || entry.type === 'cgroup'
        ? { ...entry, options: (entry.options ?? []).map((option) => (option === 'ro' ? 'rw' : option)) }
        : entry,
    ),
    linux: {
      ...open,
      ...(devices === undefined ? {} : { devices }),
      resources: { devices: [any('c'), any('b')] },
      maskedPaths: [],
      readonlyPaths: [],
    },
  };
}

export function volumeMount(destination: string, volume: string, ...options: string[]) {
  return { destination, type: 'bind', source: `/var/lib/docker/volumes/${volume}/_data`, options };
}
