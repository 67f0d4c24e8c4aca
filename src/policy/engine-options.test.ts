import { describe, expect, test } from 'vitest';
import { engineOptionsOf, engineOptionsText } from './engine-options.js';
import { engineOptionShapes, strippedOptions } from './engine-option-shapes.js';

/** One value of each that dockerd 28.5 takes (`dockerd --validate`). */
const sound = {
  builder: {
    gc: { enabled: true, defaultKeepStorage: '20GB', policy: [{ keepStorage: '10GB', all: true }] },
  },
  debug: false,
  'default-address-pools': [{ base: '10.200.0.0/16', size: 24 }],
  'default-ipc-mode': 'private',
  'default-shm-size': '64M',
  'default-ulimits': { nofile: { Name: 'nofile', Hard: 64_000, Soft: 64_000 } },
  dns: ['192.0.2.53', '2001:db8::53'],
  'dns-opts': ['ndots:1'],
  'dns-search': ['example.org'],
  features: { buildkit: true },
  icc: false,
  init: true,
  'insecure-registries': ['registry.example:5000', '10.0.0.0/8'],
  labels: ['team=a'],
  'log-driver': 'json-file',
  'log-level': 'warn',
  'log-opts': { 'max-size': '10m', 'max-file': '3' },
  'max-concurrent-downloads': 3,
  'max-concurrent-uploads': 5,
  'max-download-attempts': 5,
  mtu: 1400,
  'no-new-privileges': true,
  'registry-mirrors': ['https://mirror.example/hub'],
};

const text = (options: object): string => JSON.stringify(options);

describe('G08 engineOptionsOf', () => {
  test('keeps what is on the list, and one of each is tried here', () => {
    const options = engineOptionsText.parse(text(sound));
    expect(engineOptionsOf(options)).toEqual({ kept: sound, stripped: [] });
    const names = Object.entries(sound).flatMap(([name, value]) =>
      name === 'builder' || name === 'features' ? Object.keys(value).map((key) => `${name}.${key}`) : [name],
    );
    expect(new Set(names)).toEqual(new Set(Object.keys(engineOptionShapes)));
  });

  test('takes everything else away, by name and with its reason', () => {
    const options = engineOptionsText.parse(
      text({
        runtimes: { evil: { path: '/bin/sh' } },
        hosts: ['tcp://0.0.0.0:2375'],
        'userns-remap': 'default',
        'exec-opts': ['native.cgroupdriver=systemd'],
        'authorization-plugins': [],
        'data-root': '/',
        builder: { entitlements: { 'security-insecure': true }, gc: { enabled: false } },
        features: { 'containerd-snapshotter': true },
        'builder.gc': { enabled: 'perhaps' },
        'no-such-option': 1,
        Debug: true,
        constructor: 1,
        mtu: 1400,
      }),
    );
    const { kept, stripped } = engineOptionsOf(options);
    expect(kept).toEqual({ builder: { gc: { enabled: false } }, mtu: 1400 });
    expect(stripped.map(({ key }) => key)).toEqual([
      'runtimes',
      'hosts',
      'userns-remap',
      'exec-opts',
      'authorization-plugins',
      'data-root',
      'builder.entitlements',
      'features.containerd-snapshotter',
      'builder.gc',
      'no-such-option',
      'Debug',
      'constructor',
    ]);
    for (const { reason } of stripped) expect(reason.length).toBeGreaterThan(10);
    expect(stripped.at(-1)?.reason).toBe('not an option that Bulkhead knows');
  });

  test('no option is on both lists', () => {
    for (const key of Object.keys(strippedOptions)) expect(engineOptionShapes).not.toHaveProperty([key]);
  });
});

describe('engineOptionsText', () => {
  test.each([
    [{ mtu: '1400' }, 'mtu: '],
    [{ dns: ['resolver.example'] }, 'dns.0: not an IP address'],
    [{ 'log-level': 'loud' }, 'log-level: '],
    [{ 'default-ulimits': { nofile: { Name: 'nproc', Hard: 1, Soft: 1 } } }, 'default-ulimits: a limit has'],
    [
      { 'default-address-pools': [{ base: '10.0.0.0/24', size: 16 }] },
      'default-address-pools.0: its networks',
    ],
    [{ 'registry-mirrors': ['ftp://mirror.example'] }, 'registry-mirrors.0: not an http'],
    [{ 'registry-mirrors': ['https://u:p@mirror.example'] }, 'registry-mirrors.0: not an http'],
    [{ 'log-opts': { mode: 'non-blocking' } }, 'log-opts: '],
    [{ builder: { gc: { defaultKeepStorage: 'much' } } }, 'builder.gc.defaultKeepStorage: not a size'],
    [{ 'default-shm-size': '5ib' }, 'default-shm-size: not a size'],
    [{ 'default-shm-size': '5i' }, 'default-shm-size: not a size'],
    [{ 'default-shm-size': '5\t' }, 'default-shm-size: not a size'],
    [{ labels: ['team=a', 'Com.Docker.x=1'] }, "labels.1: a name that is Docker's own"],
    [{ labels: ['team=a', 'team=b'] }, 'labels: one name has two values'],
    [{ 'insecure-registries': ['-x'] }, 'insecure-registries.0: not a registry'],
    [{ 'insecure-registries': ['x-'] }, 'insecure-registries.0: not a registry'],
    [{ 'insecure-registries': ['a_b'] }, 'insecure-registries.0: not a registry'],
    [{ 'insecure-registries': ['x:65536'] }, 'insecure-registries.0: not a registry'],
    [{ 'insecure-registries': ['[::g]:5000'] }, 'insecure-registries.0: not a registry'],
    [{ 'insecure-registries': ['10.0.0.0/33'] }, 'insecure-registries.0: not a registry'],
  ])('%j is refused by the name of the option', (options, expected) => {
    const { error } = engineOptionsText.safeParse(text(options));
    expect(error?.issues[0]?.message).toContain(expected);
  });

  test.each([
    { 'default-shm-size': '5 kB' },
    { 'default-shm-size': '1.5GiB' },
    { 'default-shm-size': '64' },
    { labels: ['team=a', 'team=a', 'docker.x=1'] },
    {
      'insecure-registries': [
        'localhost',
        '192.0.2.1:5000',
        '2001:db8::/32',
        '[2001:db8::1]:5000',
        '::1',
        'a-b.c:1',
      ],
    },
  ])('%j is taken', (options) => {
    expect(engineOptionsText.safeParse(text(options)).error).toBeUndefined();
  });

  test.each(['', '[]', '"x"', '{,}', '{"mtu": 1, "mtu": 2}'])('%s is no object', (given) => {
    expect(engineOptionsText.safeParse(given).error?.issues[0]?.message).toMatch(/^not a JSON object/);
  });
});
