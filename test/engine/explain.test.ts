import { mkdtemp, mkdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type ContainerExplanation, parseExplanation } from '../../dist/common/explanation.js';
import { findDockerClient } from '../../scripts/docker-client.ts';
import { commandLine } from '../support/command-line.ts';
import { withControl } from '../support/control.ts';
import { createDocker, type Outcome, probe, unique } from '../support/docker.ts';

const docker = createDocker(inject('dockerHost'));
const client = findDockerClient(docker.host).file;
const volume = unique('explained');
let runtimeDir = '';
let owner = '';

beforeAll(async () => {
  // The command finds an engine by name; this one's sockets are elsewhere.
  runtimeDir = await mkdtemp(join(tmpdir(), 'bh-explain-'));
  await mkdir(join(runtimeDir, 'bulkhead', 'test'), { recursive: true });
  await symlink(dirname(inject('controlSocket')), join(runtimeDir, 'bulkhead', 'test', 'engine'));
  owner = unique('owner');
  await docker.ok(['run', '-d', '--name', owner, probe, 'sleep', '600']);
});

afterAll(async () => {
  await docker.run(['rm', '-f', owner]);
  await docker.run(['volume', 'rm', volume]);
  await rm(runtimeDir, { recursive: true, force: true });
});

async function bulkhead(...args: string[]): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [commandLine, 'explain', '--name', 'test', ...args],
    {
      env: { XDG_RUNTIME_DIR: runtimeDir, XDG_STATE_HOME: runtimeDir },
      reject: false,
      stdin: 'ignore',
    },
  );
  return { status: exitCode ?? -1, stdout, stderr };
}

async function explained(args: readonly string[]): Promise<ContainerExplanation> {
  const { stdout, stderr } = await bulkhead('--json', '--', client, ...args);
  expect(stderr).toBe('');
  return parseExplanation(JSON.parse(stdout));
}

const changed = ({ changes }: ContainerExplanation): string[] =>
  changes.map(({ rule, what }) => `${rule} ${what}`);

test.each<[string[], RegExp]>([
  [[], /user-namespace linux\.uidMappings/],
  [['--privileged'], /devices linux\.resources\.devices/],
  [['--userns=host', '--security-opt', 'seccomp=unconfined'], /seccomp-floor linux\.seccomp/],
  [['--read-only', '--tmpfs', '/t', '--init'], /binds mounts\[\/sbin\/docker-init\]/],
  [['-v', `${volume}:/data:ro`], /binds mounts\[\/data\]/],
  [['--device', '/dev/fuse'], /devices linux\.resources\.devices/],
  [['--annotation', 'run.oci.handler=x'], /annotations annotations\.run\.oci\.handler/],
  [['--sysctl', 'net.core.somaxconn=100'], /sysctl linux\.sysctl\.net\.ipv4\.ping_group_range/],
  [['--network', 'container:OWNER'], /namespaces plan\.joined/],
  [['-p', '127.0.0.1:0:80', '--restart', 'no', '--hostname', 'x'], /root-filesystem root\.path/],
])('%j: what is said to be made is made', async (flags, told) => {
  const words = ['run', '--rm', ...flags.map((flag) => flag.replace('OWNER', owner)), probe, 'true'];
  const explanation = await explained(words);
  expect(explanation).toMatchObject({ verdict: 'isolated', refusals: [] });
  expect(changed(explanation).join('\n')).toMatch(told);
  expect(await docker.run(words)).toMatchObject({ status: 0 });
});

test.each<[string[], string]>([
  [['--pid=host'], 'namespaces'],
  [['--network=host'], 'namespaces'],
  [['--ipc=host'], 'namespaces'],
  [['--uts=host', '--privileged'], 'namespaces'],
  [['-v', '/etc:/host'], 'gate'],
  [['--mount', 'type=bind,src=/,dst=/host'], 'gate'],
  [['--log-driver', 'syslog'], 'gate'],
  [['--device', '/dev/null:/dev/renamed'], 'devices'],
  [['--device-cgroup-rule', 'b *:* rwm'], 'devices'],
  [['--cgroup-parent', '/elsewhere'], 'cgroups'],
  [['--user', '70000'], 'process'],
  [['--volume', `${volume}:/proc/sys`], 'mounts'],
])('%j: what is said to be refused is refused, in the same words', async (flags, rule) => {
  const words = ['run', '--rm', ...flags, probe, 'true'];
  const { verdict, refusals } = await explained(words);
  expect({ verdict, rule: refusals[0]?.rule }).toEqual({ verdict: 'refused', rule });
  const { status, stderr } = await docker.run(words);
  expect(status).not.toBe(0);
  // Each container has its own id, which some messages name.
  const anonymous = (text = 'a message') => text.replaceAll(/[0-9a-f]{64}/g, 'ID');
  expect(anonymous(stderr)).toContain(anonymous(refusals[0]?.message));
});

test('what the engine itself refuses is told as its word', async () => {
  const { verdict, notes } = await explained(['run', 'no-such-image-here']);
  expect(verdict).toBe('engine-refused');
  expect(notes.join()).toContain('No such image');
});

test('nothing is left of what was only explained', async () => {
  const before = await docker.ok(['ps', '-aq']);
  const named = unique('gone');
  await explained(['create', '--name', owner, '-v', `${named}:/data`, '-v', '/anonymous', probe, 'true']);
  expect(await docker.ok(['ps', '-aq'])).toBe(before);
  expect(await docker.ok(['volume', 'ls', '-q'])).not.toContain(named);
});

test('what is said names the volumes of the command, also those that are not there yet', async () => {
  const named = unique('named');
  const mount = ['--mount', `type=volume,src=${named},dst=/two`];
  const explanation = await explained(['run', '-v', `${named}:/data`, ...mount, probe, 'true']);
  const text = JSON.stringify(explanation);
  expect(text).toContain(`volumes/${named}/_data`);
  expect(text).not.toContain('bulkhead-explain-');
  expect(await docker.ok(['volume', 'ls', '-q'])).not.toMatch(/bulkhead-explain-/);
});

test('of a container, running or refused, it says what was decided', async () => {
  const running = await bulkhead('--json', owner);
  expect(running.status).toBe(0);
  expect(changed(parseExplanation(JSON.parse(running.stdout)))).toContain('user-namespace linux.uidMappings');

  const name = unique('refused');
  await docker.ok(['create', '--name', name, '--pid=host', probe, 'true']);
  const before = await bulkhead(name);
  expect(before).toMatchObject({ status: 69, stdout: '' });
  expect(before.stderr).toContain('BH_EXPLAIN_NOT_STARTED');
  await docker.run(['start', name]);
  const refused = await bulkhead(name);
  expect(refused.status).toBe(77);
  expect(refused.stdout).toContain("can't share namespaces [pid] with the host");
  await docker.ok(['rm', name]);
});

test.each([
  [['no-such-container'], 69, 'BH_EXPLAIN_NO_CONTAINER'],
  [['--', client, '--host', 'unix:///elsewhere', 'run', probe], 64, 'BH_EXPLAIN_COMMAND'],
  [['--', client, 'rm', '-f', 'x'], 64, 'BH_EXPLAIN_COMMAND'],
  [['--', client, 'run', '--no-such-flag', probe], 64, 'BH_EXPLAIN_NOT_CREATED'],
])('%j is an error with its own status', async (args, status, code) => {
  const outcome = await bulkhead(...args);
  expect(outcome).toMatchObject({ status, stdout: '' });
  expect(outcome.stderr).toContain(code);
});

test('a question nobody knows is not served', async () => {
  await withControl(inject('controlSocket'), async (channel) => {
    await expect(channel.explain({ something: 'else' })).rejects.toMatchObject({
      code: 'BH_CHANNEL_REPLY',
    });
  });
});
