import { isIP } from 'node:net';
import { z } from 'zod';

const cidr = z.union([z.cidrv4(), z.cidrv6()], 'not a network such as 10.1.0.0/16');
const words = z.array(z.string().min(1));
const count = z.int().min(1).max(1000);

/** dockerd refuses to start with a mirror of any other form (registry/config.go, ValidateMirror). */
const mirror = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url !== undefined &&
    ['http:', 'https:'].includes(url.protocol) &&
    [url.search, url.hash, url.username, url.password].every((part) => part === '')
  );
}, 'not an http or https address of a registry');

/** `host`, `host:port` or a network; dockerd starts with no other (registry/config.go, loadInsecureRegistries), and `--validate` does not look. */
const registry = z.string().refine((text) => {
  if (cidr.safeParse(text).success || isIP(text) !== 0) return true;
  const [, six, host = '', port = '0'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const named = host.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(label));
  return Number(port) <= 65_535 && (six === undefined ? named : isIP(six) === 6);
}, 'not a registry such as registry.example:5000');

/** As dockerd reads sizes (go-units, parseSize): a number with or without a unit. */
const size = z.string().regex(/^\d{1,15}(?:\.\d{1,15})? ?(?:b|[kmgt](?:i?b)?)?$/i, 'not a size such as 20GB');

/** dockerd refuses names of its own, and one name with two values (opts/opts.go, ValidateLabel; daemon/config/config.go, GetConflictFreeLabels). */
const labels = z
  .array(
    z
      .string()
      .regex(/^[^=\s]+=[^\0]*$/, 'not a label such as key=value')
      .regex(/^(?!com\.docker\.|io\.docker\.|org\.dockerproject\.)/i, "a name that is Docker's own"),
  )
  .refine((all) => {
    const distinct = [...new Set(all)].map((label) => label.split('=', 1)[0]);
    return new Set(distinct).size === distinct.length;
  }, 'one name has two values');

const ulimit = z.strictObject({
  Name: z.string().regex(/^[a-z]+$/),
  Hard: z.int().min(-1),
  Soft: z.int().min(-1),
});

const pool = z
  .strictObject({ base: cidr, size: z.int().min(1).max(128) })
  .refine(
    ({ base, size: bits }) => Number(base.split('/')[1]) <= bits,
    'its networks are larger than the pool',
  );

const gcRule = z.strictObject({
  all: z.boolean().optional(),
  filter: words.optional(),
  keepStorage: size.optional(),
  reservedSpace: size.optional(),
  maxUsedSpace: size.optional(),
  minFreeSpace: size.optional(),
});

/**
 * What of dockerd's configuration (dockerd(8), "Daemon configuration file", Docker 28.5) a policy or a user may decide, and in which form.
 * A value dockerd does not take would keep the engine from starting, so each form is what dockerd's own reading needs or narrower (and dockerd is asked once more before it gets them, `engine-configuration.ts`). What is
 * not here is taken away: a list of what is dangerous would not have what the next version adds.
 */
export const engineOptionShapes: Readonly<Record<string, z.ZodType>> = {
  'builder.gc': z.strictObject({
    enabled: z.boolean().optional(),
    defaultKeepStorage: size.optional(),
    defaultReservedSpace: size.optional(),
    defaultMaxUsedSpace: size.optional(),
    defaultMinFreeSpace: size.optional(),
    policy: z.array(gcRule).optional(),
  }),
  debug: z.boolean(),
  'default-address-pools': z.array(pool),
  'default-ipc-mode': z.enum(['private', 'shareable']),
  'default-shm-size': size,
  'default-ulimits': z
    .record(z.string().regex(/^[a-z]+$/), ulimit)
    .refine(
      (limits) => Object.entries(limits).every(([name, { Name }]) => name === Name),
      'a limit has another Name than its key',
    ),
  dns: z.array(z.string().refine((text) => isIP(text) !== 0, 'not an IP address')),
  'dns-opts': words,
  'dns-search': words,
  'features.buildkit': z.boolean(),
  icc: z.boolean(),
  init: z.boolean(),
  'insecure-registries': z.array(registry),
  labels,
  'log-driver': z.enum(['json-file', 'local', 'none']),
  'log-level': z.enum(['debug', 'info', 'warn', 'error', 'fatal']),
  'log-opts': z.strictObject({
    'max-size': z
      .string()
      .regex(/^[1-9]\d{0,14}[kmg]?$/i, 'not a size such as 10m')
      .optional(),
    'max-file': z
      .string()
      .regex(/^[1-9]\d{0,3}$/, 'not a number in a string')
      .optional(),
  }),
  'max-concurrent-downloads': count,
  'max-concurrent-uploads': count,
  'max-download-attempts': count,
  mtu: z.int().min(576).max(65_535),
  'no-new-privileges': z.boolean(),
  'registry-mirrors': z.array(mirror),
};

/** Why the ones people ask for are not among them; of the others it is said that they are unknown here. */
export const strippedOptions: Readonly<Record<string, string>> = {
  'allow-nondistributable-artifacts': 'layers that may not be passed on',
  'authorization-plugins': 'who decides about requests to the engine',
  bridge: 'an interface of the VM',
  'builder.entitlements': 'what build steps may ask for; bulkhead.buildInsecure decides',
  'cdi-spec-dirs': 'devices of the VM',
  'cgroup-parent': 'where containers are in the tree of cgroups; bulkhead.cgroupParents decides',
  containerd: "the engine's connection to containerd",
  'containerd-namespace': "the engine's connection to containerd",
  'containerd-plugins-namespace': "the engine's connection to containerd",
  'data-root': 'where the engine keeps its files',
  'default-cgroupns-mode': "the VM's cgroups",
  'default-runtime': 'the program that isolates containers',
  'exec-opts': 'how containers are started',
  'exec-root': 'where the engine keeps its files',
  experimental: 'checkpoints, which would start containers past the rules',
  'features.containerd-snapshotter': 'the storage of images, which is the VM image’s to choose',
  group: 'who may use the socket of the engine',
  hosts: 'where the engine listens',
  'init-path': 'a program of the VM',
  ip: 'portBindingBehavior decides',
  iptables: 'the firewall between networks',
  'live-restore': 'the engine may restart without its containers only so',
  'log-format': 'the log of the engine, which the daemon reads',
  'metrics-addr': 'a port in the VM',
  pidfile: 'a file of the VM',
  plugins: 'programs that no rule isolates',
  proxies: 'the setting proxy decides',
  runtimes: 'programs that would start containers without isolation',
  'seccomp-profile': 'the system calls containers may make',
  'storage-driver': 'where the engine keeps its files',
  'storage-opts': 'where the engine keeps its files',
  tls: 'where the engine listens',
  'userland-proxy-path': 'a program of the VM',
  'userns-remap': 'isolation, which gives each container ids of its own',
};
