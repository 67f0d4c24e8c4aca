import { describe, expect, it } from 'vitest';
import { parseRuntimeSpec, serialiseRuntimeSpec } from './runtime-spec.js';

const minimal = { ociVersion: '1.2.1', root: { path: '/r' }, linux: {} };

/** Every field of the specification once, as JSON text, so that nothing known is dropped on the way. */
const everything = `{"ociVersion":"1.3.0","process":{"terminal":true,"consoleSize":{"height":24,"width":80},
"user":{"uid":1,"gid":2,"umask":18,"additionalGids":[3]},"args":["a"],"env":["A=1"],"cwd":"/",
"capabilities":{"bounding":["CAP_CHOWN"],"effective":[],"inheritable":[],"permitted":[],"ambient":[]},
"rlimits":[{"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":0}],"noNewPrivileges":true,"apparmorProfile":"p",
"oomScoreAdj":-5,"scheduler":{"policy":"SCHED_OTHER","nice":1,"priority":0,"flags":[],"runtime":1,"deadline":2,"period":3},
"selinuxLabel":"l","ioPriority":{"class":"IOPRIO_CLASS_BE","priority":4},"execCPUAffinity":{"initial":"0","final":"1"}},
"root":{"path":"rootfs","readonly":true},"hostname":"h","domainname":"d",
"mounts":[{"destination":"/d","type":"bind","source":"/s","options":["rbind"],
"uidMappings":[{"containerID":0,"hostID":1,"size":1}],"gidMappings":[]}],
"hooks":{"prestart":[{"path":"/p","args":["x"],"env":[],"timeout":1}],"createRuntime":[],"createContainer":[],
"startContainer":[],"poststart":[],"poststop":[]},"annotations":{"a":"b"},
"linux":{"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[],"sysctl":{"net.a":"1"},
"resources":{"devices":[{"allow":false,"type":"c","major":-1,"minor":5,"access":"rwm"}],
"memory":{"limit":9223372036854771712,"reservation":1,"swap":-1,"kernel":1,"kernelTCP":1,"swappiness":60,
"disableOOMKiller":false,"useHierarchy":true,"checkBeforeUpdate":true},
"cpu":{"shares":1,"quota":-1,"burst":1,"period":1,"realtimeRuntime":1,"realtimePeriod":1,"cpus":"0","mems":"0","idle":0},
"pids":{"limit":-1},"blockIO":{"weight":1,"leafWeight":1,"weightDevice":[{"major":8,"minor":0,"weight":1,"leafWeight":1}],
"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1}],"throttleWriteBpsDevice":[],"throttleReadIOPSDevice":[],
"throttleWriteIOPSDevice":[]},"hugepageLimits":[{"pageSize":"2MB","limit":1}],
"network":{"classID":1,"priorities":[{"name":"eth0","priority":1}]},
"rdma":{"mlx":{"hcaHandles":1,"hcaObjects":2}},"unified":{"memory.high":"1"}},
"cgroupsPath":"/docker/x","namespaces":[{"type":"pid","path":"/p"}],
"devices":[{"path":"/dev/x","type":"c","major":1,"minor":2,"fileMode":438,"uid":0,"gid":0}],
"netDevices":{"eth1":{"name":"n"}},
"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":["SCMP_ARCH_X86_64"],"flags":[],
"listenerPath":"/l","listenerMetadata":"m","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","errnoRet":1,
"args":[{"index":0,"value":18446744073709551615,"valueTwo":1,"op":"SCMP_CMP_EQ"}]}]},
"rootfsPropagation":"slave","maskedPaths":["/m"],"readonlyPaths":["/r"],"mountLabel":"l",
"intelRdt":{"closID":"c","schemata":["L3:0=f"],"l3CacheSchema":"L","memBwSchema":"M","enableMonitoring":true,
"enableCMT":true,"enableMBM":true},"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0","flags":[]},
"personality":{"domain":"LINUX","flags":[]},"timeOffsets":{"boottime":{"secs":-1,"nanosecs":1}}}}`;

describe('parseRuntimeSpec', () => {
  it('preserves every field of the specification', () => {
    const parsed = parseRuntimeSpec(everything);
    if (!parsed.ok) throw new Error(`${parsed.field}: ${parsed.problem}`);
    expect(sorted(serialiseRuntimeSpec(parsed.spec))).toBe(sorted(everything.replaceAll('\n', '')));
  });

  it.each([
    [{ ...minimal, vm: {} }, 'vm'],
    [{ ...minimal, Root: { path: '/' } }, 'Root'],
    [
      { ...minimal, linux: { resources: { devices: [{ allow: true, colour: 1 }] } } },
      'linux.resources.devices.0.colour',
    ],
    [
      { ...minimal, mounts: [{ destination: '/a' }, { destination: '/b', Source: '/etc' }] },
      'mounts.1.Source',
    ],
    [
      { ...minimal, process: { user: { uid: 0, gid: 0 }, cwd: '/', commandLine: 'x' } },
      'process.commandLine',
    ],
  ])('refuses an unknown field and names it (%#)', (spec, field) => {
    expect(parseRuntimeSpec(JSON.stringify(spec))).toMatchObject({ ok: false, unknown: true, field });
  });

  it.each([
    ['{', ''],
    ['[]', ''],
    ['{"ociVersion":"1","root":{"path":3},"linux":{}}', 'root.path'],
    [
      '{"ociVersion":"1","root":{"path":"/"},"linux":{"namespaces":[{"type":"mnt"}]}}',
      'linux.namespaces.0.type',
    ],
    [
      '{"ociVersion":"1","root":{"path":"/"},"linux":{"seccomp":{"defaultAction":"SCMP_ACT_MAYBE"}}}',
      'linux.seccomp.defaultAction',
    ],
    [
      '{"ociVersion":"1","root":{"path":"/"},"linux":{"resources":{"memory":{"limit":18446744073709551615}}}}',
      'linux.resources.memory.limit',
    ],
  ])('refuses %s', (text, field) => {
    expect(parseRuntimeSpec(text)).toMatchObject({ ok: false, unknown: false, field });
  });

  it.each([
    '{"__proto__":{"root":{}}',
    '{"linux":{"__proto__":{"seccomp":1}}',
    '{"linux":{"sysctl":{"__proto__":"1"}}',
  ])('does not let %s… set a prototype', (start) => {
    const text = `${start},"ociVersion":"1","root":{"path":"/r"},"linux":{}}`;
    const parsed = parseRuntimeSpec(text);
    expect(parsed.ok && serialiseRuntimeSpec(parsed.spec).includes('seccomp')).toBe(false);
  });
});

/** Canonical text: keys in order, so that two texts compare by content. Big integers keep their digits as strings. */
function sorted(text: string): string {
  const quoted = text.replaceAll(/(?<=[:[,])(-?\d{16,})(?=[,\]}])/g, '"$1"');
  return JSON.stringify(JSON.parse(quoted), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
