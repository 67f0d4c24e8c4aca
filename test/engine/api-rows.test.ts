import { readFile, rm, mkdir, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { type EngineInternals, engineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { parseIdMap } from '../support/id-map.ts';

const docker = createDocker(inject('dockerHost'));
let engine: EngineInternals;
const names: string[] = [];
beforeAll(async () => {
  engine = await engineInternals(inject('enginePid'));
});
afterAll(async () => {
  await docker.run(['rm', '-f', ...names]);
});
const named = (prefix: string): string => {
  const name = unique(prefix);
  names.push(name);
  return name;
};

/** Ways to the engine that the Docker CLI does not take. */
describe('around the command line', () => {
  const sockets = (): [string, string][] => [
    ['the forwarded socket', docker.socket],
    ['the raw socket of the engine', engine.path('/run/docker/docker.sock')],
  ];

  test.each([0, 1])(
    'A07, R9.1.10: a container made with Runtime runc on socket %i is isolated (CVE-2023-0629)',
    async (index) => {
      const [, socket = ''] = sockets()[index] ?? [];
      const name = named('a07');
      const body = {
        Image: probe,
        Cmd: ['sh', '-c', 'cat /proc/self/uid_map; probe vsock-socket'],
        HostConfig: { Runtime: 'runc', Privileged: true, UsernsMode: 'host' },
      };
      const created = await callEngine(socket, {
        method: 'POST',
        path: `/containers/create?name=${name}`,
        body,
      });
      expect(created.status).toBe(201);
      expect((await callEngine(socket, { method: 'POST', path: `/containers/${name}/start` })).status).toBe(
        204,
      );
      await docker.run(['wait', name]);
      const [map = '', call] = (await docker.ok(['logs', name])).split('\n');
      expect(parseIdMap(map).base).toBeGreaterThanOrEqual(100_000);
      expect(call).toBe('EAFNOSUPPORT');
    },
  );

  test.each([
    ['C02', { NetworkMode: 'host' }, "can't share a network namespace with the host"],
    ['C01', { PidMode: 'host' }, "can't share namespaces [pid] with the host"],
    ['R9.3.23', { Binds: ['/etc:/x'] }, 'restricted host mount'],
    ['R9.3.23, D03', { Mounts: [{ Type: 'bind', Source: '/etc', Target: '/x' }] }, 'restricted host mount'],
    ['R9.3.23', { CgroupParent: '/' }, 'is not one of the engine'],
    [
      'R9.3.23',
      { Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/kmsg', CgroupPermissions: 'rwm' }] },
      '/dev/kmsg',
    ],
    [
      'R9.3.20',
      { DeviceRequests: [{ Driver: 'cdi', DeviceIDs: ['vendor.com/class=one'] }] },
      'CDI device injection failed',
    ],
  ])('%s: %j in the body of a request on the raw socket', async (_row, hostConfig, text) => {
    const socket = engine.path('/run/docker/docker.sock');
    const name = named('raw');
    const body = { Image: probe, Cmd: ['true'], HostConfig: hostConfig };
    const created = await callEngine(socket, {
      method: 'POST',
      path: `/containers/create?name=${name}`,
      body,
    });
    const started =
      created.status === 201
        ? await callEngine(socket, { method: 'POST', path: `/containers/${name}/start` })
        : created;
    expect(started.status).toBeGreaterThanOrEqual(400);
    expect(started.text).toContain(text);
  });

  test.each([
    [
      '/v1.51/services/create',
      {
        TaskTemplate: {
          ContainerSpec: { Image: probe, Mounts: [{ Type: 'bind', Source: '/etc', Target: '/x' }] },
        },
      },
    ],
    ['/v1.51/swarm/init', { ListenAddr: '127.0.0.1' }],
    ['/v1.51/plugins/pull?remote=x', []],
  ])('D03, R9.3.23: %s is closed', async (path, body) => {
    const { status, text } = await callEngine(engine.path('/run/docker/docker.sock'), {
      method: 'POST',
      path,
      body,
    });
    expect(status).toBe(403);
    expect(text).toContain("can't be isolated");
  });

  test.each([
    ['no body', undefined, { 'content-length': '0' }],
    ['an empty body', '', { 'content-type': 'application/json' }],
    ['a body of another type', '{"Image":"bulkhead/probe"}', { 'content-type': 'text/plain' }],
    ['a body of five mebibytes', JSON.stringify({ Image: probe, Env: ['x'.repeat(5 << 20)] }), {}],
  ])(
    'R9.1.12: a request to create with %s is not decided on (CVE-2024-41110)',
    async (_what, body, headers) => {
      const { status, text } = await callEngine(engine.path('/run/docker/docker.sock'), {
        method: 'POST',
        path: '/v1.51/containers/create',
        headers,
        ...(body === undefined ? {} : { body }),
      });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).toMatch(/rule request-body|content-type|body too large/i);
    },
  );

  test('E20, R9.1.11: from a container no engine answers on any address of the host (CVE-2025-9074)', async () => {
    const script = [
      'gateway=$(ip route | sed -n "s/^default via \\([0-9.]*\\).*/\\1/p")',
      'for h in $gateway host.docker.internal 192.168.65.7 192.168.65.254 127.0.0.1 172.17.0.1; do for p in 2375 2376 2377; do nc -w 1 -z $h $p 2>/dev/null && echo ALLOWED $h $p; done; done',
      'echo "tried $gateway"',
    ].join('; ');
    const flags = ['--add-host', 'host.docker.internal:host-gateway'];
    expect(await docker.ok(['run', '--rm', ...flags, probe, 'sh', '-c', script])).toMatch(/^tried \d+\.\d+/);
  });

  test('C10: a specification that names a namespace of the host by path is refused', async () => {
    const bundle = engine.path('/run/c10');
    await mkdir(bundle);
    try {
      for (const [kind, said] of [
        ['network', "can't share a network namespace with the host"],
        ['pid', "can't share namespaces [pid] with the host"],
        ['ipc', "can't share namespaces [ipc] with the host"],
      ] as const) {
        const fixture = join(import.meta.dirname, `../fixtures/specs/${kind}-container.json`);
        const text = await readFile(fixture, 'utf8');
        const config = text.replace(/"\/proc\/\d+\/ns\//, '"/proc/1/ns/');
        expect(config).not.toBe(text);
        await writeFile(join(bundle, 'config.json'), config);
        const enter = ['-t', String(engine.init), '-m', '-p', '-n', '-i', '-u'];
        const door = ['/usr/sbin/runc', '--root', '/run/c10/state', 'create', '--bundle', '/run/c10', 'c10'];
        const { exitCode, stderr } = await execa('nsenter', [...enter, ...door], { reject: false });
        expect([kind, exitCode]).toEqual([kind, 1]);
        expect(stderr).toContain(said);
      }
    } finally {
      await rm(bundle, { recursive: true });
    }
  });

  test('R9.3.25: a container that is put beside another to debug it has its ids, not more', async () => {
    const target = named('target');
    await docker.ok(['run', '-d', '--name', target, '-v', '/data', probe, 'sleep', '600']);
    const flags = [
      '--privileged',
      '--pid',
      `container:${target}`,
      '--network',
      `container:${target}`,
      '--volumes-from',
      target,
    ];
    const script = 'cat /proc/self/uid_map; probe vsock-socket; ls /proc/1/root >/dev/null && echo seen';
    const { stdout } = await docker.run(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
    const [map = '', call, seen] = stdout.split('\n');
    expect(map.trim()).toBe(await docker.ok(['exec', target, 'cat', '/proc/self/uid_map']));
    expect([call, seen]).toEqual(['EAFNOSUPPORT', 'seen']);
  });

  test('R9.3.26: no process of the engine is ever seen in a container', async () => {
    const name = named('watch');
    const script =
      'touch /seen; while :; do cat /proc/[0-9]*/comm 2>/dev/null | sort -u - /seen > /new; mv /new /seen; done';
    await docker.ok(['run', '-d', '--privileged', '--name', name, probe, 'sh', '-c', script]);
    for (let round = 0; round < 4; round += 1) {
      await docker.ok(['exec', name, 'true']);
      await docker.ok(['cp', `${name}:/etc/passwd`, '-']);
      await docker.ok(['run', '--rm', '--pid', `container:${name}`, probe, 'true']);
    }
    const seen = await eventually(async () => {
      const text = await docker.ok(['exec', name, 'cat', '/seen']);
      expect(text).toContain('cat');
      return text.split('\n');
    }, 5000);
    expect(
      seen.filter(
        (comm) => !/^(sh|cat|sort|mv|touch|true|busybox|runc(:\[[12]:(INIT|CHILD)\])?)$/.test(comm),
      ),
    ).toEqual([]);
  });

  test.each([
    ['a step that asks for the network of the host', 'RUN --network=host true'],
    ['a step that asks for no isolation', 'RUN --security=insecure true'],
  ])('R9.3.21: %s is refused', async (_what, line) => {
    const { status, stderr } = await docker.run(['build', '--no-cache', '-'], {
      input: `# syntax=none\nFROM ${probe}\n${line}\n`.replace('# syntax=none\n', ''),
    });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/entitlement|not allowed|can't share|Unknown flag|unknown flag/);
  });

  test('R9.3.21: a step of a build is as isolated as a container', async () => {
    const script =
      'cat /proc/self/uid_map; probe vsock-socket; mount -t tmpfs none /mnt; echo 1 > /proc/sys/vm/drop_caches; ls /sys/class/net; true';
    const { stderr } = await docker.run(['build', '--no-cache', '--progress=plain', '-'], {
      input: `FROM ${probe}\nRUN ${script}\n`,
    });
    expect(stderr).toMatch(/#\d+ [\d.]+ +0 +[1-9]\d{5,} +65536/);
    expect(stderr).toMatch(/#\d+ [\d.]+ (EPERM|EAFNOSUPPORT)/);
    expect(stderr).toMatch(/drop_caches: (Permission denied|Read-only file system)/);
  });
});
