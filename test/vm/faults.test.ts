import { once } from 'node:events';
import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tryBind } from '../../dist/vm/ports/try-bind.js';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { disjoint, type IdMap, parseIdMap } from '../support/id-map.ts';
import { type Instance, instanceAt } from '../support/instance.ts';
import { askTcp } from '../support/port-client.ts';
import {
  forgetTestPolicies,
  keyedImageDir,
  signedPolicy,
  testKeyId,
  writePolicy,
} from '../support/signed-policy.ts';

/**
 * What ends a VM, in order or not, and what comes after. One instance goes through all of it, test after test, because each boot
 * costs half a minute. It runs an image that demands a signed policy, so what becomes of the policy in between is seen here as well, without a boot of its own. That dockerd, containerd and bulkheadd are killed is tested in native mode: here nothing can reach them.
 */
let dir = '';
let policy = '';
let instance: Instance;
let docker: Docker;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bh-fault-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  policy = join(dir, 'admin-settings.json');
  await forgetTestPolicies();
  await writePolicy(policy, { serial: 5 });
  instance = instanceAt({ name: 'fault', dir, image: await keyedImageDir(), policy });
  docker = createDocker(instance.dockerHost);
  await instance.up();
  const script = [
    'trap "echo stopped >> /data/log; exit 0" TERM',
    'echo started >> /data/log',
    'touch /ready',
    'while :; do sleep 1 & wait $!; done',
  ];
  const flags = ['-d', '--name', 'keeper', '--restart', 'unless-stopped', '-v', 'kept:/data'];
  await docker.ok(['run', ...flags, probe, 'sh', '-c', script.join('\n')]);
  await eventually(() => docker.ok(['exec', 'keeper', 'test', '-e', '/ready']), 30_000);
}, 900_000);
afterAll(async () => {
  await instance.run('down');
  await forgetTestPolicies();
  await rm(dir, { recursive: true });
});

/** The container of the first boot runs again, and its volume holds exactly these lines. */
async function expectKeeper(...lines: string[]): Promise<void> {
  await eventually(async () => {
    expect(await docker.ok(['exec', 'keeper', 'cat', '/data/log'])).toBe(lines.join('\n'));
  }, 60_000);
}

async function expectNothingRuns(): Promise<void> {
  await eventually(async () => expect(await instance.processes()).toEqual([]), 10_000);
}

async function pids(): Promise<{ controller: number; vm: number }> {
  const { pid, vmPid } = await instance.status();
  if (pid === undefined || typeof vmPid !== 'number') throw new Error('no VM runs');
  return { controller: pid, vm: vmPid };
}

/** Serial and signer of the policy in force, by the word of the guest. */
async function inForce(): Promise<unknown> {
  const { guest } = await instance.status();
  return guest?.policy;
}
const serial = (number: number): object => ({
  imageKey: testKeyId,
  inForce: { serial: number, signedBy: testKeyId },
});

describe('the policy of a VM that runs', () => {
  test('was sealed before the engine could be reached, and the guest says whose it is', async () => {
    const { phases = [], restartNeeded } = await instance.status();
    const names = phases.map(({ phase }) => phase);
    expect(names.indexOf('policy-sealed')).toBeGreaterThan(names.indexOf('daemon'));
    expect(names.indexOf('policy-sealed')).toBeLessThan(names.indexOf('engine-ready'));
    expect(await inForce()).toMatchObject(serial(5));
    expect(restartNeeded).toBeNull();
    expect((await instance.run('status', '--fresh')).stdout).toContain(`serial 5, signed with ${testKeyId}`);
  });

  test.each([
    ['a broken one', () => '{\n  "configurationFileVersion": 2,\n}', ':2:32: the document: a comma before }'],
    [
      'one that nobody signed',
      () => '{"configurationFileVersion": 2, "bulkhead": {"serial": 9}}',
      'is not signed',
    ],
    [
      'one that was altered',
      () => signedPolicy({ serial: 9 }).replace('9', '8'),
      'was changed after it was signed',
    ],
    [
      'one that has expired',
      () => signedPolicy({ serial: 9, expires: '2020-01-01T00:00:00Z' }),
      'was valid until',
    ],
    ['an older one', () => signedPolicy({ serial: 4, restartOnChange: true }), 'has the serial 4'],
    [
      'one for newer images',
      () => signedPolicy({ serial: 9, minimumImageVersion: '99' }),
      'takes no image older than 99',
    ],
  ])(
    'G09: %s is refused with file and reason, and the VM goes on under the one it has',
    async (_what, text, reason) => {
      await writeFile(policy, text());
      const { status, stderr } = await instance.run('up');
      expect(stderr).toContain(policy);
      expect(stderr).toContain(reason);
      expect(status).not.toBe(0);
      expect(await inForce()).toMatchObject(serial(5));
      expect((await instance.status()).restartNeeded).toContain('has changed');
    },
  );

  test('G04: one that comes while the VM runs is not in force until a restart, which status and up ask for', async () => {
    await writePolicy(policy, { serial: 6 });
    const { vm } = await pids();
    const { status, stderr } = await instance.run('up');
    expect([status, stderr]).toEqual([0, expect.stringContaining('Restart needed: ')]);
    expect((await instance.run('status')).stdout).toContain('restart needed: ');
    expect((await pids()).vm).toBe(vm);
    expect(await inForce()).toMatchObject(serial(5));
  });

  test('one that asks for it restarts the VM', { timeout: 600_000 }, async () => {
    await writePolicy(policy, { serial: 7, restartOnChange: true });
    const { vm } = await pids();
    const { status, stderr } = await instance.run('up', '--timeout', '240');
    expect(stderr).toContain('bulkhead.restartOnChange');
    expect(status).toBe(0);
    expect((await pids()).vm).not.toBe(vm);
    expect(await inForce()).toMatchObject(serial(7));
    await expectKeeper('started', 'stopped', 'started');
    await docker.ok(['exec', 'keeper', 'sh', '-c', 'echo started > /data/log']);
  });
});

describe('a VM that ends', () => {
  test(
    'by down: within 10 s, containers stopped in order, and they run again after the next up',
    {
      timeout: 600_000,
    },
    async () => {
      await expectKeeper('started');
      const began = performance.now();
      const { status, stderr } = await instance.run('down');
      expect(status).toBe(0);
      expect(performance.now() - began).toBeLessThan(12_000); // 10 s for the VM, the rest for the command itself
      expect(stderr).toMatch(/stopped/);
      await expectNothingRuns();
      await expect(stat(instance.dockerSocket)).rejects.toMatchObject({ code: 'ENOENT' });

      // The host forgets, an older policy is put back: the data disk remembers, and the engine does not serve.
      await forgetTestPolicies();
      await writePolicy(policy, { serial: 6 });
      const refused = await instance.run('up', '--timeout', '240');
      expect(refused.stderr).toMatch(
        /^error BH_VM_POLICY_REFUSED: .*has the serial 6; one with 7 was in force/m,
      );
      expect(refused.status).toBe(77);
      await expectNothingRuns();
      // The very same: another with this number is refused.
      await writePolicy(policy, { serial: 7, restartOnChange: true });
      await instance.up();
      expect(await inForce()).toMatchObject(serial(7));
      await expectKeeper('started', 'stopped', 'started');
    },
  );

  test('by kill -9 of QEMU: the cause is told, container and data are kept', async () => {
    await docker.ok(['exec', 'keeper', 'sh', '-c', 'echo marked >> /data/log; sync']);
    process.kill((await pids()).vm, 'SIGKILL');
    await expectNothingRuns();
    const { status, stderr } = await instance.run('status');
    expect(stderr).toMatch(/^error BH_VM_QEMU_KILLED: QEMU was ended by SIGKILL after phase engine-ready/m);
    expect(status).toBe(69);

    await instance.up();
    await expectKeeper('started', 'stopped', 'started', 'marked', 'started');
  });

  test('by kill -9 of the controller: QEMU goes too, container and data are kept', async () => {
    await docker.ok(['exec', 'keeper', 'sh', '-c', 'echo again >> /data/log; sync']);
    process.kill((await pids()).controller, 'SIGKILL');
    await expectNothingRuns();
    expect((await instance.run('status')).stderr).toMatch(/^error BH_CONTROLLER_CRASHED: /m);

    await instance.up();
    await expectKeeper('started', 'stopped', 'started', 'marked', 'started', 'again', 'started');
  });

  test(
    'F11: a project of ten services with --restart always is back after down and up, a service stopped by hand is not',
    { timeout: 900_000 },
    async () => {
      const port = await tryBind({ protocol: 'tcp', address: '::1', port: 0 });
      const compose = ['compose', '-p', 'shop', '-f', await projectFile(port)];
      await docker.ok([...compose, 'up', '-d']);
      await docker.ok(['stop', container('paused')]);
      await docker.ok(['exec', container('one'), 'sh', '-c', 'echo kept > /data/file']);
      await eventually(() => expectServices(1), 30_000);
      await expectPorts(port);

      expect((await instance.run('down')).status).toBe(0);
      await expectNothingRuns();
      // The engine starts them all before it answers for the first time.
      await instance.up(480);
      await eventually(() => expectServices(2), 120_000);
      await expectPorts(port);
      const { stdout } = await instance.run('logs', '--service', 'bulkheadd');
      expect(stdout).not.toBe('');
      expect(stdout).not.toMatch(/without an IPv4 address|was not published/);
      expect(await docker.ok(['exec', container('two'), 'cat', '/data/file'])).toBe('kept');
      const asks = 'for i in 1 2 3 4 5 6; do nc -w 5 one 80 </dev/null && exit; sleep 1; done; exit 1';
      expect(await docker.ok(['exec', container('two'), 'sh', '-c', asks])).toBe('one');

      expect((await instance.run('down')).status).toBe(0);
      await expectNothingRuns();
    },
  );
});

const services = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const container = (service: string): string => `shop-${service}-1`;

/** Of the host. Two services have the same port, each by its family. */
const placesOf = (service: string, port: number): readonly string[] =>
  service === 'one' ? [`[::1]:${port}`] : service === 'two' ? [`127.0.0.1:${port}`] : [];

/** Each port leads to its own service, also where bulkheadd learns late from an engine that starts by which address that is. */
async function expectPorts(port: number): Promise<void> {
  for (const [address, service] of [
    ['::1', 'one'],
    ['127.0.0.1', 'two'],
  ] as const)
    await eventually(async () => expect(await askTcp(address, port, '')).toBe(`${service}\n`), 60_000);
}

/** Each service logs its ids when it starts, so its log tells how often it did and as whom. */
async function projectFile(port: number): Promise<string> {
  const script = 'cat /proc/self/uid_map; while :; do echo $$HOSTNAME | nc -l -p 80; done';
  const service = (name: string, restart: string): string => {
    const ports = placesOf(name, port).map((place) => `'${place}:80'`);
    return `  ${name}: { image: ${probe}, command: [sh, -c, '${script}'], hostname: ${name}, init: true, restart: ${restart}, volumes: ['data:/data'], ports: [${ports.join(', ')}] }`;
  };
  const lines = [
    'services:',
    ...services.map((name) => service(name, 'always')),
    service('paused', 'unless-stopped'),
    'networks: { default: { enable_ipv6: true } }',
    'volumes: { data: {} }',
  ];
  const file = join(dir, 'compose.yaml');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** All ten run and have started this often, each isolated with ids of its own; the service stopped by hand ran once and does not run. */
async function expectServices(starts: number): Promise<void> {
  const running = await docker.ok(['ps', '--format', '{{.Names}}', '--filter', 'name=^shop-']);
  expect(running.split('\n').sort()).toEqual(services.map(container).sort());
  const maps: IdMap[] = [];
  for (const service of services) {
    const lines = (await docker.ok(['logs', container(service)])).split('\n');
    expect(lines).toHaveLength(starts);
    maps.push(parseIdMap(lines.at(-1) ?? ''));
  }
  for (const [index, map] of maps.entries()) {
    expect(map.base).toBeGreaterThanOrEqual(100_000);
    for (const other of maps.slice(index + 1)) expect(disjoint(map, other)).toBe(true);
  }
  expect((await docker.ok(['logs', container('paused')])).split('\n')).toHaveLength(1);
}

describe('an up that cannot succeed', () => {
  test('another program listens on the socket: refused, nothing is left, the socket is not touched', async () => {
    const other = createServer().listen(instance.dockerSocket);
    await once(other, 'listening');
    try {
      const { status, stderr } = await instance.run('up');
      expect(stderr).toContain('error BH_SOCKET_TAKEN: ');
      expect(stderr).toContain(instance.dockerSocket);
      expect(status).not.toBe(0);
      await expectNothingRuns();
      expect((await stat(instance.dockerSocket)).isSocket()).toBe(true);
    } finally {
      other.close();
    }
  });

  test('a corrupt data disk: refused, and the disk left as it is', async () => {
    const size = 1 << 30;
    await rm(instance.dataDisk);
    await using disk = await open(instance.dataDisk, 'wx');
    await disk.truncate(size);
    await disk.write('neither blank nor a file system', 0);
    const before = await stat(instance.dataDisk);
    const { status, stderr } = await instance.run('up');
    expect(stderr).toMatch(/^error BH_DATA_DISK_CORRUPT: /m);
    expect(stderr).toContain(instance.dataDisk);
    expect(status).toBe(65);
    await expectNothingRuns();
    const after = await stat(instance.dataDisk);
    expect({ size: after.size, blocks: after.blocks }).toEqual({ size: before.size, blocks: before.blocks });
  });
});
