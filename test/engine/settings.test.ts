import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createDocker, type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { listening } from '../support/listeners.ts';
import { type SettingsEngine, startSettingsEngine } from '../support/settings-engine.ts';
import { type SshAgent, startSshAgent } from '../support/ssh-agent.ts';

/**
 * Settings that the policy decides, on one engine that has them and one that has not: the same attempt is served there. What a user sets
 * against a lock is on the first as well.
 */
let engine: SettingsEngine | undefined;
let held: Docker;
let socket: string;
let dir: string;
let agentDir: string;
let agent: SshAgent;
let free: Docker;
let freeSocket: string;

beforeAll(async () => {
  agentDir = await mkdtemp(join(tmpdir(), 'bulkhead-agent-'));
  const agentPath = join(agentDir, 'agent');
  agent = await startSshAgent(agentPath, async () => undefined);
  free = createDocker(inject('dockerHost'));
  freeSocket = free.socket;
  engine = await startSettingsEngine('settings', {
    policy: {
      blockDockerLoad: { locked: true, value: true },
      portBindingBehavior: { locked: true, value: 'local-only-port-binding' },
      defaultNetworkingMode: { locked: true, value: 'dual-stack' },
      linuxVM: {
        dockerDaemonOptions: {
          locked: true,
          value: JSON.stringify({
            runtimes: { other: { path: '/usr/lib/bulkhead/runc' } },
            hosts: ['tcp://127.0.0.1:2375'],
            'userns-remap': 'default',
            'exec-opts': ['native.cgroupdriver=systemd'],
            'authorization-plugins': [],
            labels: ['team=settings'],
            'registry-mirrors': ['https://mirror.invalid'],
            'default-ulimits': { nofile: { Name: 'nofile', Hard: 2048, Soft: 1024 } },
            'log-opts': { 'max-size': '1m', 'max-file': '2' },
            builder: { gc: { enabled: true, defaultKeepStorage: '10GB' } },
          }),
        },
      },
      bulkhead: { contact: 'Ada <ada@example.org>' },
    },
    sshAgent: { path: agentPath, owner: 0 },
    user: {
      bulkhead: { sshAgent: true },
      portBindingBehavior: 'default-port-binding',
      defaultNetworkingMode: 'ipv4only',
      blockDockerLoad: false,
      linuxVM: { dockerDaemonOptions: '{"labels": ["team=user"]}' },
    },
  });
  ({ docker: held, socket, dir } = engine);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await agent[Symbol.asyncDispose]();
  await rm(agentDir, { recursive: true });
});

describe('blockDockerLoad', () => {
  const refusal = /docker load is blocked here.*Setting: blockDockerLoad.*ask Ada <ada@example.org>/s;

  /** What is said to an attempt with the setting, once it has been seen to be served without. */
  async function refusalOf(attempt: (docker: Docker) => Promise<Outcome>): Promise<string> {
    const otherwise = await attempt(free);
    if (otherwise.status !== 0) throw new Error(`not even without the setting: ${otherwise.stderr}`);
    const { status, stderr } = await attempt(held);
    return status === 0 ? 'served' : stderr;
  }

  test('G05: docker load is refused, with who to ask', async () => {
    const archive = join(dir, 'image.tar');
    await free.ok(['save', '-o', archive, probe]);
    expect(await refusalOf((docker) => docker.run(['load', '-i', archive]))).toMatch(refusal);
    expect(await refusalOf((docker) => docker.run(['image', 'load', '-i', archive]))).toMatch(refusal);
  });

  test('G05: docker import is refused', async () => {
    const archive = join(dir, 'root.tar');
    const container = await free.ok(['create', probe]);
    await free.ok(['export', '-o', archive, container]);
    await free.ok(['rm', container]);
    const name = unique('imported');
    expect(await refusalOf((docker) => docker.run(['import', archive, name]))).toMatch(refusal);
    await free.ok(['rmi', name]);
  });

  test('G05: builds from an archive on standard input, or at an address, are refused', async () => {
    const archive = tarOf('Dockerfile', `FROM ${probe}\nRUN true\n`);
    const build = (docker: Docker): Promise<Outcome> =>
      docker.run(['build', '-q', '-'], { input: archive, env: { DOCKER_BUILDKIT: '1' } });
    // Of an answer to its session buildx shows the status alone; the text is there for who asks.
    expect(await refusalOf(build)).toMatch(/unable to upgrade to h2c, received 403/);
    const session = {
      method: 'POST',
      path: '/session',
      headers: {
        connection: 'Upgrade',
        upgrade: 'h2c',
        'x-docker-expose-session-grpc-method': '/moby.upload.v1.Upload/Pull',
      },
    };
    expect((await callEngine(socket, session)).text).toMatch(refusal);
    const remote = '/build?remote=http%3A%2F%2F127.0.0.1%3A9%2Fcontext.tar.gz';
    const refused = await callEngine(socket, { method: 'POST', path: remote });
    expect([refused.status, refused.text]).toEqual([403, expect.stringMatching(refusal)]);
    expect((await callEngine(freeSocket, { method: 'POST', path: remote })).status).not.toBe(403);
  });

  test('G05: a build from a directory is served, by both builders', async () => {
    for (const DOCKER_BUILDKIT of ['0', '1']) {
      await writeFile(join(dir, 'Dockerfile'), `FROM ${probe}\nRUN echo ${DOCKER_BUILDKIT}\n`);
      expect(await held.run(['build', '-q', dir], { env: { DOCKER_BUILDKIT } })).toMatchObject({ status: 0 });
    }
  });
});

describe('dockerDaemonOptions', () => {
  test('G08: what is on the list is in force, and no user comes past a lock', async () => {
    const info: unknown = JSON.parse(await held.ok(['info', '--format', '{{json .}}']));
    expect(info).toMatchObject({
      Labels: ['team=settings'],
      RegistryConfig: { Mirrors: ['https://mirror.invalid/'] },
      LiveRestoreEnabled: true,
      DefaultRuntime: 'bulkhead',
      CgroupDriver: 'cgroupfs',
    });
    expect(await held.ok(['run', '--rm', probe, 'sh', '-c', 'ulimit -n'])).toBe('1024');
    expect(await free.ok(['run', '--rm', probe, 'sh', '-c', 'ulimit -n'])).not.toBe('1024');
  });

  test('G08: what would loosen isolation does not reach the engine', async () => {
    const info = await held.ok(['info', '--format', '{{json .Runtimes}} {{json .SecurityOptions}}']);
    expect(info).not.toContain('other');
    expect(info).not.toContain('name=userns');
    const config = await readFile(
      `/proc/${engine?.internals.init ?? ''}/root/run/bulkhead/engine/dockerd.json`,
      'utf8',
    );
    expect(JSON.parse(config)).toMatchObject({
      hosts: ['unix:///run/docker/docker.sock'],
      'authorization-plugins': ['bulkhead'],
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
    });
    expect(config).not.toContain('userns-remap');
  });
});

describe('portBindingBehavior', () => {
  const server = ['sh', '-c', 'while :; do echo served | nc -l -p 80 -w 1; done'];

  /** Every address and port a container's port 80 listens on, as the engine says. */
  async function published(docker: Docker, ...flags: string[]): Promise<Published> {
    const container = await docker.ok(['run', '-d', '--rm', ...flags, probe, ...server]);
    const ports: unknown = JSON.parse(
      await docker.ok(['inspect', '-f', '{{json (index .NetworkSettings.Ports "80/tcp")}}', container]),
    );
    return { container, ports: publishedSchema.parse(ports) };
  }

  test('G07: a port without an address listens on 127.0.0.1 and [::1] alone', async () => {
    const { container, ports } = await published(held, '-p', '80');
    const loopback = ['127.0.0.1', '::1'];
    expect(ports.map(({ HostIp }) => HostIp).sort()).toEqual(loopback);
    const [port = ''] = new Set(ports.map(({ HostPort }) => HostPort));
    expect(ports.every(({ HostPort }) => HostPort === port)).toBe(true);
    expect(await listening(engine?.internals.init ?? 0, port)).toEqual(loopback);
    await held.ok(['rm', '-f', container]);

    const open = await published(free, '-p', '80');
    expect(
      await listening((await engineInternals(inject('enginePid'))).init, open.ports[0]?.HostPort ?? ''),
    ).toContain('0.0.0.0');
    await free.ok(['rm', '-f', open.container]);
  });

  test('G07: so does what -P publishes, on any network', async () => {
    const network = unique('ports');
    await held.ok(['network', 'create', network]);
    for (const flags of [[], ['--network', network]]) {
      const { container, ports } = await published(held, '-P', '--expose', '80', ...flags);
      expect(ports.map(({ HostIp }) => HostIp)).toEqual(['127.0.0.1']);
      await held.ok(['rm', '-f', container]);
    }
    await held.ok(['network', 'rm', network]);
  });

  test.each([
    ['a port on every address', ['create', '-p', '0.0.0.0::80', probe]],
    ['a port on an address of the machine', ['create', '-p', '192.0.2.1::80', probe]],
    [
      'a network with such a default',
      ['network', 'create', '-o', 'com.docker.network.bridge.host_binding_ipv4=0.0.0.0', 'x'],
    ],
    [
      'a network that is routed to',
      ['network', 'create', '-o', 'com.docker.network.bridge.gateway_mode_ipv4=routed', 'x'],
    ],
  ])('G07: %s is refused', async (_what, args) => {
    const { status, stderr } = await held.run(args);
    expect([status === 0, stderr]).toEqual([
      false,
      expect.stringMatching(/loopback of this machine alone.*Setting: portBindingBehavior/),
    ]);
    const made = await free.ok(args);
    await free.ok(args[0] === 'create' ? ['rm', made] : ['network', 'rm', made]);
  });
});

/** Whether a network that is made without a word about it has IPv4, and IPv6. */
async function familiesOfNetwork(docker: Docker): Promise<string> {
  const name = unique('families');
  await docker.ok(['network', 'create', name]);
  const families = await docker.ok(['network', 'inspect', '-f', '{{.EnableIPv4}} {{.EnableIPv6}}', name]);
  await docker.ok(['network', 'rm', name]);
  return families;
}

test('defaultNetworkingMode: a new network has the families of the mode, and others for whoever says so', async () => {
  expect(await familiesOfNetwork(free)).toBe('true false');
  expect(await familiesOfNetwork(held)).toBe('true true');
  const name = unique('families');
  await held.ok(['network', 'create', '--ipv6=false', name]);
  expect(await held.ok(['network', 'inspect', '-f', '{{.EnableIPv6}}', name])).toBe('false');
  await held.ok(['network', 'rm', name]);
});

test('bulkhead.sshAgent: an agent that was handed over is refused where the policy does not name the key', async () => {
  const bind = ['-v', '/run/host-services/ssh-auth.sock:/agent.sock'];
  const { status, stderr } = await held.run(['run', '--rm', ...bind, probe, 'true']);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(
    /ssh agent is not passed on to containers\. Setting: bulkhead\.sshAgent.*Ada <ada@example\.org>/s,
  );
  expect(agent.asked).toBe(0);
});

describe("users' settings", () => {
  test('G01: what is locked stays so, whatever the settings of the user say', async () => {
    // The engine was started with a user's file that has the contrary of each.
    expect((await callEngine(socket, { method: 'POST', path: '/images/load' })).status).toBe(403);
    expect(await held.ok(['info', '--format', '{{.Labels}}'])).toBe('[team=settings]');
    expect(await held.ok(['run', '--rm', probe, 'cat', '/proc/self/uid_map'])).not.toMatch(/^\s*0\s+0\s/);
  });
});

test.each([
  ['where the policy lists images by their names', ['registry.example.org/ci:*'], []],
  ['where it lists none', [], ['https://mirror.example.org/']],
])("G08: a user's mirror, %s, answers: %j %j", async (_what, images, mirrors) => {
  const options = {
    'registry-mirrors': ['https://mirror.example.org'],
    'insecure-registries': ['r.example.org:5000'],
  };
  await using engine = await startSettingsEngine('mirror', {
    policy: {
      enhancedContainerIsolation: { locked: true, value: true, dockerSocketMount: { imageList: { images } } },
    },
    user: {
      defaultNetworkingMode: 'ipv6only',
      linuxVM: { dockerDaemonOptions: JSON.stringify({ ...options, labels: ['team=user'] }) },
    },
  });
  expect(await familiesOfNetwork(engine.docker)).toBe('false true');
  const info = await engine.docker.ok(['info', '-f', '{{json .RegistryConfig.Mirrors}} {{json .Labels}}']);
  expect(info).toBe(`${JSON.stringify(mirrors.length === 0 ? null : mirrors)} ["team=user"]`);
  const insecure = await engine.docker.ok(['info', '-f', '{{json .RegistryConfig.IndexConfigs}}']);
  expect(insecure.includes('r.example.org:5000')).toBe(mirrors.length > 0);
});

test('G08: what dockerd would not start with is told, and keeps no engine in a loop', async () => {
  const options = JSON.stringify({ 'dns-search': ['not a domain'] });
  const policy = { linuxVM: { dockerDaemonOptions: { locked: true, value: options } } };
  await expect(startSettingsEngine('refused', { policy })).rejects.toThrow(
    /engine-failed: dockerd does not start with linuxVM\.dockerDaemonOptions: .*not a domain is not a valid domain/,
  );
});

const publishedSchema = z.array(z.object({ HostIp: z.string(), HostPort: z.string() }));

interface Published {
  readonly container: string;
  readonly ports: z.infer<typeof publishedSchema>;
}

/** An archive of one file of ASCII, in the ustar format (POSIX.1-1988). */
function tarOf(name: string, text: string): string {
  const content = Buffer.from(text);
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write('0000644\0', 100);
  head.write('0000000\0', 108);
  head.write('0000000\0', 116);
  head.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  head.write('00000000000\0', 136);
  head.write('        0', 148);
  head.write('ustar\x0000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([head, content, padding, Buffer.alloc(1024)]).toString();
}
