import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { addressRows, portRows } from '../acceptance/governed-network.ts';
import { addedRows, carriedRows, expectNoStart, type GovernedShares } from '../acceptance/governed-shares.ts';
import { askEngine, prepareAsking } from '../support/ask-engine.ts';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { type ApiRequest, callEngine } from '../support/engine-api.ts';
import { eventually } from '../support/eventually.ts';
import { followLogs } from '../support/followed-logs.ts';
import { governingPolicy } from '../support/governing-policy.ts';
import { HammeredPolicy, listContainers } from '../support/hammered-policy.ts';
import { createPrivileged, kindOf } from '../support/hammering-client.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import { type Instance, instanceAt } from '../support/instance.ts';
import { listening } from '../support/listeners.ts';
import { makeEtc } from '../support/own-etc.ts';
import { type OwnNames, startOwnNames } from '../support/own-names.ts';
import { forgetTestPolicies, keyedImageDir, writePolicy } from '../support/signed-policy.ts';
import { tarArchive } from '../support/tar-archive.ts';

/**
 * A VM under a signed policy that has everything on, from before its first boot to after its second, in the order of the tests: each boot costs
 * half a minute. What each rule refuses in all its spellings is tested in native mode; here that it is the VM's rule, whatever starts and stops. The
 * same is asked of the VM the other files share, which has no policy.
 */
let dir = '';
let policy = '';
/** What the policy lets be shared, and what it does not. */
let work = '';
let elsewhere = '';
let names: OwnNames;
let probeId = '';
/** What `docker import` takes. */
let archive = '';
let provider: IdentityProvider;
let governed: Instance;
let docker: Docker;
/** Whenever something starts or stops. */
let hammered: HammeredPolicy;
const free = instanceAt(inject('instance'));
const freeDocker = createDocker(free.dockerHost);
const contact = 'Ada <ada@example.org>';
const socketBind = ['-v', '/var/run/docker.sock:/var/run/docker.sock'];

const ticking = 'while :; do echo tick; sleep 0.3; done';
/** `::1` where this machine has it. */
const loopback = ['127.0.0.1', '::1'].filter((address) =>
  Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address)),
);

/** Milliseconds, for TCG on a machine that does other work as well. */
const inTime = 120_000;
const first = { onTcp: true, network: '10.177.16.0/20', inhibition: 'ipv6' } as const;
const second = { onTcp: false, network: '10.177.48.8/29', inhibition: 'none' } as const;
const governing = (serial: number, boot: typeof first | typeof second): Promise<void> => {
  const common = { serial, contact, provider, socketImage: probeId, mayShare: work };
  return writePolicy(policy, ...governingPolicy({ ...common, ...boot }));
};
const up = (): Promise<void> => governed.up(480, '--registry-json', join(dir, 'registry.json'));

beforeAll(async () => {
  probeId = await freeDocker.ok(['image', 'inspect', '-f', '{{.Id}}', probe]);
  dir = await mkdtemp(join(tmpdir(), 'bh-gov-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  provider = await startIdentityProvider();
  policy = join(dir, 'admin-settings.json');
  archive = join(dir, 'root.tar');
  await writeFile(archive, tarArchive([{ name: 'file', content: 'x' }]));
  await writeFile(join(dir, 'registry.json'), '{"allowedOrgs": ["acme"]}');
  await forgetTestPolicies();
  [work, elsewhere] = [await mkdtemp('/tmp/bh-work-'), await mkdtemp('/tmp/bh-else-')];
  await governing(1, first);
  names = await startOwnNames();
  const etc = await makeEtc(join(dir, 'etc'), { nameServer: names.address, search: names.domain });
  governed = instanceAt({ name: 'governed', dir, image: await keyedImageDir(), policy, etc });
  docker = createDocker(governed.dockerHost);
  hammered = new HammeredPolicy(governed.dockerSocket);
  await up();
}, 900_000);
afterAll(async () => {
  await governed.run('down');
  await hammered.stop();
  await forgetTestPolicies();
  await provider[Symbol.asyncDispose]();
  await names[Symbol.asyncDispose]();
  for (const made of [dir, work, elsewhere]) await rm(made, { recursive: true });
});

const statusOf = async (path: string): Promise<number> =>
  (await callEngine(governed.dockerSocket, { method: 'GET', path })).status;

describe('sign-in enforcement', () => {
  test('from the first answer on, nobody is served who has not signed in', async () => {
    await hammered.more('sign-in', 'sign-in', inTime);
    expect(hammered.membersOnly.count('served')).toBe(0);
    expect(await Promise.all(['/_ping', '/v1.51/version', '/info'].map(statusOf))).toEqual([200, 200, 200]);
    const { stderr } = await docker.run(['ps']);
    expect(stderr).toContain(
      'Membership in the [acme] organization is required. Sign in enforced by your administrators (via registry.json).',
    );
    expect(stderr).toContain(contact);
  });

  test('bulkhead sign-in lets a member in', async () => {
    const command = governed.start('sign-in', '--json');
    for await (const line of createInterface(command.stdout)) {
      const uri: unknown = Reflect.get(Object(JSON.parse(line)), 'completeUri');
      if (typeof uri === 'string') await provider.approve(uri, 'ada');
    }
    expect(await command.ended).toMatchObject({ status: 0 });
    await hammered.more('denied', 'served', inTime);
    await hammered.stop();
    expect((await governed.run('status', '--fresh')).stdout).toMatch(/signed in +ada \(acme\) until 20/);
  });
});

const portForAll = ['create', '-p', '0.0.0.0::80', probe];
const ofPorts = /loopback of this machine alone.*portBindingBehavior/s;

describe('settings, from inside the VM', () => {
  test("G08: the engine has of dockerDaemonOptions what loosens nothing, and the others' VM has none of it", async () => {
    const facts = [
      'info',
      '-f',
      '{{json .Labels}} {{.DefaultRuntime}} {{json .Runtimes}} {{.SecurityOptions}}',
    ];
    const info = await docker.ok(facts);
    expect(info).toMatch(/^\["team=vm"\] bulkhead /);
    expect(info).not.toMatch(/other|name=userns/);
    expect(await freeDocker.ok(facts)).not.toContain('team=vm');
  });

  test('G05, G07: docker load and ports for everybody are refused, and served where nobody forbids them', async () => {
    const load = ['import', archive, 'loaded'];
    expect((await docker.run(load)).stderr).toMatch(/docker load is blocked here.*Setting: blockDockerLoad/s);
    await freeDocker.ok(load);
    await freeDocker.ok(['rmi', 'loaded']);
    expect((await docker.run(portForAll)).stderr).toMatch(ofPorts);
    await freeDocker.ok(['rm', await freeDocker.ok(portForAll)]);
    const bound = ['inspect', '-f', '{{json .HostConfig.PortBindings}}'];
    const made = await docker.ok(['create', '-p', '80', probe]);
    expect(await docker.ok([...bound, made])).toContain('"HostIp":"127.0.0.1"');
    await docker.ok(['rm', made]);
  });

  test('G01: what is locked a user sets nowhere, and is told who locked it', async () => {
    const { status, stderr } = await governed.settings('set', 'portBindingBehavior', 'default-port-binding');
    expect(status).toBe(77);
    expect(stderr).toContain(`BH_SETTING_LOCKED: The setting portBindingBehavior is locked`);
    expect(stderr).toContain(policy);
    expect(stderr).toContain(contact);
  });

  test('G02: what is not locked a user sets, for the next boot', async () => {
    expect(await governed.settings('set', 'blockDockerLoad', 'false')).toMatchObject({ status: 0 });
    // Nor does it help to write past the command what is locked.
    const file = join(dir, 'config', 'bulkhead', 'settings.json');
    const own: unknown = JSON.parse(await readFile(file, 'utf8'));
    expect(own).toEqual({ blockDockerLoad: false });
    await writeFile(file, JSON.stringify({ ...Object(own), portBindingBehavior: 'default-port-binding' }));
    expect((await docker.run(['import', archive, 'loaded'])).stderr).toContain('docker load is blocked here');
  });
});

const sharing = (): GovernedShares => {
  const file = join(dir, 'config', 'bulkhead', 'settings.json');
  return { instance: governed, docker, work, elsewhere, contact, file };
};
describe('the desktop side', () => {
  const [gateway, server] = ['10.177.16.1', '10.177.16.4'];
  addressRows(() => ({ docker, names }), { gateway, server, inhibition: first.inhibition });
  portRows(() => ({ docker, loopback, gateway }));
  addedRows(sharing);
});

const requests = [
  ['GET', '/v1.51/containers/json'],
  ['GET', '/version'],
  ['GET', '/v1.51/images/json'],
  ['GET', '/v1.51/%69nfo'],
  ['POST', '/v1.51/containers/holder/kill'],
] as const;

/** The container has a socket of its own, with exactly the commands of the list: `ps` and `version`. */
async function expectCommands(): Promise<void> {
  const answers = await askEngine(docker, 'holder', '/s', requests);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403, 403]);
  expect(answers[0]?.text).toContain('"/holder"');
  for (const { text } of answers.slice(2))
    expect(text).toContain('is blocked; if you wish to allow it, configure the docker socket command list');
}

describe('Docker sockets of containers', () => {
  test('E01: without a list nobody has one', async () => {
    const { status, stderr } = await freeDocker.run(['create', ...socketBind, probe]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'docker socket mount denied for container with image "docker.io/bulkhead/probe"; allowed image list is empty',
    );
  });

  test('E02, E14: an image of the list has its own, for the commands of the list', async () => {
    const bind = ['-v', '/var/run/docker.sock:/s'];
    await docker.ok([
      'run',
      '-d',
      '--name',
      'holder',
      '--restart',
      'always',
      ...bind,
      probe,
      'sh',
      '-c',
      ticking,
    ]);
    await prepareAsking(docker, 'holder');
    expect(await docker.ok(['exec', 'holder', 'stat', '-c', '%F %u %a', '/s'])).toBe('socket 0 660');
    await expectCommands();
  });
});

describe('port 2375 of the host', () => {
  test('the same engine is on the loopback, behind the same gate, and nowhere else', async () => {
    expect(await listening('self', 2375)).toEqual(loopback);
    const tcp = createDocker('tcp://127.0.0.1:2375');
    expect(await tcp.ok(['ps', '--format', '{{.Names}}'])).toBe('holder');
    expect((await tcp.run(['create', '--privileged', probe])).stderr).toContain('bulkhead.allowPrivileged');
    expect(await listening('self', 2376)).toEqual([]);
  });
});

/** Whether a container reaches a service of this machine's loopback by the name for it. */
async function reachesLoopback(engine: Docker): Promise<boolean> {
  let visits = 0;
  const service = createServer((socket) => {
    visits += 1;
    socket.end();
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const address = service.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    await engine.run(['run', '--rm', probe, 'nc', '-w', '10', 'host.docker.internal', String(port)]);
    return visits > 0;
  } finally {
    service.close();
  }
}

test("E20: from a container no engine answers on any address, though one is on the host's loopback", async () => {
  const { network } = await governed.status();
  const [, net = ''] = /^(\d+\.\d+\.\d+)\./.exec(network ?? '') ?? [];
  expect(net).not.toBe('');
  const hosts = [1, 2, 3, 4].map((last) => `${net}.${last}`).join(' ');
  const script = `for h in ${hosts} host.docker.internal 172.17.0.1 127.0.0.1; do for p in 2375 2376 2377; do nc -w 1 -z $h $p 2>/dev/null && echo ALLOWED $h $p; done; done; echo tried`;
  expect(await docker.ok(['run', '--rm', probe, 'sh', '-c', script])).toBe('tried');
});

test("H15: the host's loopback is not reached while the engine is there on port 2375, though the policy allows it", async () => {
  expect(await reachesLoopback(docker)).toBe(false);
  expect(await reachesLoopback(freeDocker)).toBe(false);
});

describe('what stops and goes on', () => {
  beforeAll(() => {
    hammered = new HammeredPolicy(governed.dockerSocket);
  });

  test.each(['QEMU', 'the controller'])(
    '%s is stopped and goes on: what was asked meanwhile is answered by the policy',
    async (which) => {
      const { pid = 0, vmPid } = await governed.status();
      const stopped = which === 'QEMU' ? (vmPid ?? 0) : pid;
      expect(stopped).toBeGreaterThan(1);
      const ask = async (request: ApiRequest): Promise<string> =>
        kindOf(await callEngine(governed.dockerSocket, request));
      let answers: Promise<string[]>;
      process.kill(stopped, 'SIGSTOP');
      try {
        await eventually(async () => {
          expect(await readFile(`/proc/${stopped}/status`, 'utf8')).toMatch(/^State:\tT/m);
        }, inTime);
        answers = Promise.all([createPrivileged, listContainers].map(ask));
      } finally {
        process.kill(stopped, 'SIGCONT');
      }
      expect(await answers).toEqual(['denied', 'served']);
      await hammered.more('denied', 'served', inTime);
    },
  );

  test('G04: the VM is stopped and boots under another policy: status says so before, and nobody gets past either', async () => {
    await governing(2, second);
    expect((await governed.status()).restartNeeded).toContain('has changed');
    expect((await governed.run('up')).stderr).toContain('Restart needed: ');
    expect((await governed.run('down')).status).toBe(0);
    await expectNoStart(sharing());
    await up();
    await hammered.more('denied', 'served', inTime);
    await hammered.stop();
  }, 600_000);

  test('who had signed in still is, and nobody was ever taken for signed out', async () => {
    expect([hammered.forbidden, hammered.membersOnly].map((one) => one.count('sign-in'))).toEqual([0, 0]);
    expect((await governed.run('status', '--fresh')).stdout).toMatch(/signed in +ada \(acme\) until 20/);
  });

  test('E18: the container with the socket was started again, and is so once more: its list is the same', async () => {
    await eventually(async () => {
      expect(await docker.ok(['inspect', '-f', '{{.State.Running}}', 'holder'])).toBe('true');
    }, inTime);
    await expectCommands();
    await docker.ok(['restart', '-t', '0', 'holder']);
    await expectCommands();
  });

  test("G01, G02: the user's own value is in force where nothing is locked, and only there", async () => {
    expect(await docker.ok(['import', archive, 'loaded'])).toMatch(/^sha256:/);
    expect((await docker.run(portForAll)).stderr).toMatch(ofPorts);
  });

  test('E01: an image that is not in the list has no socket', async () => {
    const { stderr } = await docker.run(['create', ...socketBind, 'loaded', 'true']);
    expect(stderr).toContain(
      'docker socket mount denied for container with image "docker.io/library/loaded"',
    );
    expect(stderr).toContain('is not in the allowed list');
  });

  const [gateway, server] = ['10.177.48.9', '10.177.48.12'];
  addressRows(() => ({ docker, names }), { gateway, server, inhibition: second.inhibition });
  carriedRows(sharing);

  test('the port is closed, because the policy says so now', async () => {
    expect(await listening('self', 2375)).toEqual([]);
  });

  test("H15: and the host's loopback is reached, as the policy allows", async () => {
    expect(await reachesLoopback(docker)).toBe(true);
    expect(await reachesLoopback(freeDocker)).toBe(false);
  });

  test('signing out stops no container, and whoever follows one goes on; what is asked next is refused', async () => {
    const following = followLogs(governed.dockerHost, 'holder');
    expect(await following.next()).toEqual({ done: false, value: 'tick' });
    expect(await governed.run('sign-out')).toMatchObject({ status: 0 });
    expect((await docker.run(['ps'])).stderr).toContain('Sign in to continue using');
    // More than can have been on its way.
    for (let more = 0; more < 15; more += 1)
      expect(await following.next()).toEqual({ done: false, value: 'tick' });
    await following.return(undefined);
    for (const request of [createPrivileged, listContainers])
      expect(kindOf(await callEngine(governed.dockerSocket, request))).toBe('sign-in');
  });

  test('the clients that asked on and on are served where no policy is', async () => {
    expect(kindOf(await callEngine(free.dockerSocket, listContainers))).toBe('served');
    const answer = await callEngine(free.dockerSocket, createPrivileged);
    expect(kindOf(answer)).toBe('served');
    await freeDocker.ok(['rm', /"Id":"([0-9a-f]{64})"/.exec(answer.text)?.[1] ?? '']);
  });
});
