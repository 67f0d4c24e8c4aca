import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusedAttempts } from '../acceptance/privilege-attempts.ts';
import { type AlteredEngine, startAlteredEngine } from '../support/altered-engine.ts';
import { type Entitlements, runStep } from '../support/build-gateway.ts';
import { type Docker, type Outcome, probe } from '../support/docker.ts';
import { hostSentinels } from '../support/host-sentinels.ts';
import { disjoint, type IdMap, parseIdMap } from '../support/id-map.ts';

/** An engine whose policy serves what builds ask of the host: what the steps then have, and that none of it is the host's. */
const holder = 'bulkhead-builder-network';
const namespaceLinks = 'readlink /proc/self/ns/net; readlink /proc/self/ns/user';
let engine: AlteredEngine | undefined;
let docker: Docker;
let socket: string;
let dir: string;
let before: unknown;
const sentinels = async (): Promise<unknown> =>
  engine === undefined ? undefined : hostSentinels(engine.internals);
beforeAll(async () => {
  engine = await startAlteredEngine('builds', {
    policy: { buildHostNetwork: 'private', buildInsecure: 'confined' },
  });
  ({ docker, dir } = engine);
  socket = docker.socket;
  before = await sentinels();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

async function build(lines: readonly string[], flags: readonly string[], buildkit = true): Promise<Outcome> {
  const env = { DOCKER_BUILDKIT: buildkit ? '1' : '0', BUILDKIT_PROGRESS: 'plain' };
  await writeFile(join(dir, 'Dockerfile'), [`FROM ${probe}`, ...lines].join('\n'));
  return docker.run(['build', '-q', '--no-cache', ...flags, dir], { env });
}

/** What a line of a Dockerfile printed to /said. */
async function said(line: string, ...flags: string[]): Promise<string> {
  const { status, stdout, stderr } = await build([line], flags);
  expect([status, stderr.match(/ERROR.*/)?.[0]]).toEqual([0, undefined]);
  return docker.ok(['run', '--rm', stdout.trim(), 'cat', '/said']);
}

async function mapOf(container: string): Promise<IdMap> {
  return parseIdMap(await docker.ok(['exec', container, 'cat', '/proc/self/uid_map']));
}

async function expectNoneOfTheHost(network: string, user: string): Promise<void> {
  const namespaces = `/proc/${engine?.internals.init ?? ''}/ns`;
  expect(network).toMatch(/^net:\[\d+\]$/);
  expect(user).toMatch(/^user:\[\d+\]$/);
  expect(network).not.toBe(await readlink(`${namespaces}/net`));
  expect(user).not.toBe(await readlink(`${namespaces}/user`));
  expect(await sentinels()).toEqual(before);
}

describe('buildHostNetwork private', () => {
  const inside = [
    'cat /proc/self/uid_map',
    namespaceLinks,
    'ls /sys/class/net | tr "\\n" " "; echo',
    'ip -4 route | head -n 1',
    'cat /etc/resolv.conf',
  ].join('; ');

  test.each([
    ['RUN --network=host', `RUN --network=host ( ${inside} ) > /said`, ['--allow', 'network.host']],
    ['build --network=host', `RUN ( ${inside} ) > /said`, ['--network=host']],
  ])("F02: %s gets the builder's own network", async (_what, line, flags) => {
    const other = await docker.ok(['run', '-d', probe, 'sleep', '600']);
    const [map = '', network = '', user = '', interfaces, route, ...resolver] = (
      await said(line, ...flags)
    ).split('\n');
    await expectNoneOfTheHost(network, user);
    expect(interfaces).toBe('eth0 lo ');
    expect(route).toMatch(/^default via /);
    expect(resolver.join('\n')).toMatch(/^nameserver /);
    /* The ids of the builder's network, and of no container beside it. */
    expect(parseIdMap(map)).toEqual(await mapOf(holder));
    expect(parseIdMap(map).base).toBeGreaterThanOrEqual(100_000);
    expect(disjoint(parseIdMap(map), await mapOf(other))).toBe(true);
    await docker.ok(['rm', '-f', other]);
  });

  test('F02: it reaches what is behind the bridge', async () => {
    const server = await docker.ok(['run', '-d', probe, 'httpd', '-f', '-p', '8080', '-h', '/etc']);
    const address = await docker.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', server]);
    const fetching = `wget -qO /said http://${address}:8080/passwd`;
    expect(await said(`RUN --network=host ${fetching}`, '--allow', 'network.host')).toContain('root:');
    await docker.ok(['rm', '-f', server]);
  });

  test('F02: steps of several builds share it, and one that was removed is made again', async () => {
    const network = async (): Promise<string> =>
      runStep(socket, probe, 'readlink /proc/self/ns/net', { hostNetwork: true });
    const first = await Promise.all([network(), network(), network()]);
    expect(new Set(first).size).toBe(1);
    await docker.ok(['rm', '-f', holder]);
    const second = await Promise.all([network(), network()]);
    expect(new Set(second).size).toBe(1);
    expect(await docker.ok(['ps', '-q', '--filter', `name=${holder}`])).toMatch(/^\w+$/);
  });

  test('F02: a container does not get it, nor does the classic builder, which makes containers', async () => {
    const refused = "can't share a network namespace with the host";
    expect((await docker.run(['run', '--rm', '--network=host', probe, 'true'])).stderr).toContain(refused);
    const { status, stdout, stderr } = await build(['RUN true'], ['--network=host', '--force-rm'], false);
    expect(status).not.toBe(0);
    expect(stdout + stderr).toContain(refused);
  });
});

describe('buildInsecure confined', () => {
  const identity = `cat /proc/self/uid_map; ${namespaceLinks}`;
  const step = async (script: string, more: Entitlements = {}): Promise<string> =>
    (await runStep(socket, probe, script, { insecure: true, ...more })).trim();

  test('F03: --security=insecure has every capability in a user namespace of its own', async () => {
    const other = await docker.ok(['run', '-d', '--privileged', probe, 'sleep', '600']);
    const script = `${identity}; grep CapEff /proc/self/status; mount -t tmpfs none /mnt && echo mounted`;
    const [map = '', network = '', user = '', capabilities, mounted] = (await step(script)).split('\n');
    await expectNoneOfTheHost(network, user);
    const own = await docker.ok(['exec', other, 'grep', 'CapEff', '/proc/self/status']);
    expect([capabilities, mounted]).toEqual([own, 'mounted']);
    expect(parseIdMap(map)).toMatchObject({ inside: 0, size: 65_536 });
    expect(parseIdMap(map).base).toBeGreaterThanOrEqual(100_000);
    expect(disjoint(parseIdMap(map), await mapOf(other))).toBe(true);
    await docker.ok(['rm', '-f', other]);
  });

  test('F03: it does to the host what --privileged can, which is nothing', async () => {
    const attempts = [
      ...refusedAttempts,
      {
        what: 'a line to the hypervisor',
        script: 'probe vsock-socket && echo ALLOWED',
        says: /EAFNOSUPPORT/,
      },
      {
        what: 'a read-only mount made writable',
        script:
          'mount -o remount,bind,rw /etc/resolv.conf && echo ALLOWED; echo >> /etc/resolv.conf && echo ALLOWED',
        says: /permission denied|Operation not permitted/,
      },
      {
        what: 'devices off the list',
        script: 'ls -d /dev/kmsg /dev/cuse /dev/kvm /dev/loop-control && echo ALLOWED',
        says: /No such file/,
      },
    ];
    const script = attempts.map((attempt) => `( ${attempt.script}\n) 2>&1 </dev/null; echo; echo =====`);
    const parts = (await step(script.join('\n'))).split('=====').map((part) => part.trim());
    const failed = attempts.filter(
      ({ says }, index) => parts[index]?.includes('ALLOWED') !== false || !says.test(parts[index]),
    );
    expect(failed).toEqual([]);
    expect(await sentinels()).toEqual(before);
  });

  test("F03: with --network=host it has the builder's network, and every capability there alone", async () => {
    const script = `${identity}; ip link add bulkhead0 type dummy; ip link set lo down && ip link set lo up && echo set`;
    const [map = '', network = '', user = '', ...made] = (await step(script, { hostNetwork: true })).split(
      '\n',
    );
    await expectNoneOfTheHost(network, user);
    expect(parseIdMap(map)).toEqual(await mapOf(holder));
    expect(made.at(-1)).toBe('set');
    expect(await readFile(`/proc/${engine?.internals.init ?? ''}/net/dev`, 'utf8')).not.toContain(
      'bulkhead0',
    );
  });

  test('F03: the entitlement alone gives nothing', async () => {
    const allow = ['--allow', 'security.insecure'];
    expect(await said('RUN grep CapEff /proc/self/status > /said', ...allow)).toBe(
      await docker.ok(['run', '--rm', probe, 'grep', 'CapEff', '/proc/self/status']),
    );
  });
});
