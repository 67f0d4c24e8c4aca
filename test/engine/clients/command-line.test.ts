import { execa } from 'execa';
import { inject, afterAll, expect, test } from 'vitest';
import { findDockerClient } from '../../../scripts/docker-client.ts';
import { terminalRows } from '../../acceptance/terminal.ts';
import { createDocker, probe, unique } from '../../support/docker.ts';
import { startRegistry } from '../../support/registry.ts';
import { dockerTerminal } from '../../support/terminal.ts';

/** Commands of the Docker CLI that no other file uses, or only inside another engine. */
const docker = createDocker(inject('dockerHost'));
const containers: string[] = [];
afterAll(async () => {
  await docker.run(['rm', '-f', '-v', ...containers]);
});
const start = async (...flags: string[]): Promise<string> => {
  const name = unique('cli');
  containers.push(name);
  await docker.ok(['run', '-d', '--name', name, ...flags, probe, 'sleep', '600']);
  return name;
};

terminalRows(() => docker);

test('wait, rename, port, events', async () => {
  const since = String(Math.floor(Date.now() / 1000));
  const name = await start('-p', '127.0.0.1::80');
  expect(await docker.ok(['port', name, '80'])).toMatch(/^127\.0\.0\.1:\d+$/);
  const renamed = `${name}-renamed`;
  containers.push(renamed);
  await docker.ok(['rename', name, renamed]);
  const waiting = docker.ok(['wait', renamed]);
  await docker.ok(['kill', '-s', 'TERM', renamed]);
  await docker.ok(['kill', renamed]);
  expect(await waiting).toBe('137');
  const until = String(Math.ceil(Date.now() / 1000) + 1);
  const id = await docker.ok(['inspect', '-f', '{{.Id}}', renamed]);
  const format = ['--filter', `container=${id}`, '--format', '{{.Action}}'];
  const events = await docker.ok(['events', '--since', since, '--until', until, ...format]);
  for (const action of ['create', 'start', 'rename', 'kill', 'die'])
    expect(events.split('\n')).toContain(action);
});

test('logs, events and stats are followed, and leave the container alone when the person has seen enough', async () => {
  const name = await start();
  const logs = dockerTerminal(docker.host, ['logs', '-f', '--tail', '5', '-t', name]);
  const since = String(Math.floor(Date.now() / 1000));
  const events = dockerTerminal(docker.host, ['events', '--since', since, '--filter', `container=${name}`]);
  const { file, env } = findDockerClient(docker.host);
  const stats = execa(file, ['stats', '--format', '{{.Name}}={{.PIDs}};', name], { env, reject: false });
  let shown = '';
  for await (const piece of stats.stdout) {
    shown += String(piece);
    if (shown.split(`${name}=1;`).length > 2) break;
  }
  stats.kill('SIGKILL');
  await stats;
  await docker.ok(['exec', name, 'sh', '-c', 'echo out >/proc/1/fd/1; echo err >/proc/1/fd/2']);
  // Two pipes: either may come first.
  await logs.see(/(?=[^]*T[\d:.]+Z out\r\n)(?=[^]*T[\d:.]+Z err\r\n)/);
  await events.see(/container exec_start: sh /);
  for (const terminal of [logs, events]) {
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
  }
  const last = docker.run(['logs', '-f', name]);
  await docker.ok(['kill', name]);
  expect(await last).toEqual({ status: 0, stdout: 'out', stderr: 'err' });
});

test('archives through pipes: cp, export and import, save and load; what an image is made of', async () => {
  const [name, image] = [await start(), `${unique('cli')}:1`];
  // Not the same one: dockerd holds a container for as long as an archive goes in, and each of the two would wait for the other where that comes first.
  const other = await start();
  await docker.ok(['exec', name, 'sh', '-c', 'echo piped > /file']);
  const pipe = async (from: readonly string[], to: readonly string[]): Promise<string> => {
    const { file, env } = findDockerClient(docker.host);
    const { stdout } = await execa(file, from, { env }).pipe(file, to, { env });
    return stdout.trim();
  };
  await pipe(['cp', `${name}:/file`, '-'], ['cp', '-', `${other}:/tmp`]);
  expect(await docker.ok(['exec', other, 'cat', '/tmp/file'])).toBe('piped');
  await pipe(['export', name], ['import', '-c', 'CMD ["cat", "/file"]', '-', image]);
  expect(await docker.ok(['history', '-q', '--no-trunc', image])).toBe(
    await docker.ok(['inspect', '-f', '{{.Id}}', image]),
  );
  expect(await pipe(['save', image], ['load'])).toBe(`Loaded image: ${image}`);
  expect(await docker.ok(['run', '--rm', image])).toBe('piped');
  await docker.ok(['rmi', image]);
});

test('a network is connected to and left while the container runs', async () => {
  const [name, network] = [await start(), unique('cli')];
  await docker.ok(['network', 'create', network]);
  const interfaces = async (): Promise<string> => docker.ok(['exec', name, 'ls', '/sys/class/net']);
  await docker.ok(['network', 'connect', '--alias', 'other', network, name]);
  expect(await interfaces()).toMatch(/^eth0\neth1\nlo$/);
  await docker.ok(['network', 'disconnect', network, name]);
  expect(await interfaces()).toMatch(/^eth0\nlo$/);
  await docker.ok(['network', 'rm', network]);
});

test('system df counts what there is, and prune takes what nothing uses', async () => {
  const [label, volume] = [unique('cli'), unique('cli')];
  await docker.ok(['volume', 'create', '--label', label, volume]);
  const stopped = await docker.ok(['create', '--label', label, probe, 'true']);
  expect(await docker.ok(['system', 'df', '--format', '{{.Type}}'])).toBe(
    'Images\nContainers\nLocal Volumes\nBuild Cache',
  );
  expect(await docker.ok(['system', 'df', '-v'])).toContain(volume);
  const filter = ['-f', '--filter', `label=${label}`];
  expect(await docker.ok(['container', 'prune', ...filter])).toContain(stopped);
  expect(await docker.ok(['volume', 'prune', '-a', ...filter])).toContain(volume);
});

test('a volume is filled, copied out of and removed', async () => {
  const volume = unique('cli');
  await docker.ok(['run', '--rm', '-v', `${volume}:/v`, probe, 'sh', '-c', 'echo kept > /v/file']);
  const name = await start('-v', `${volume}:/v`);
  expect(await docker.ok(['cp', `${name}:/v/file`, '-'])).toContain('kept');
  expect((await docker.run(['volume', 'rm', volume])).stderr).toContain('volume is in use');
  await docker.ok(['rm', '-f', name]);
  expect(await docker.ok(['volume', 'rm', volume])).toBe(volume);
});

test('buildx with the engine itself as builder, several targets from one file', async () => {
  const image = unique('cli');
  const dockerfile = [
    `FROM ${probe} AS base`,
    'RUN echo one > /one',
    'FROM base AS other',
    'RUN echo two > /two',
  ];
  const bake = {
    target: { made: { 'dockerfile-inline': dockerfile.join('\n'), tags: [image], output: ['type=docker'] } },
  };
  expect(await docker.ok(['buildx', 'ls', '--format', '{{.Name}} {{.DriverEndpoint}}'])).toMatch(/default/);
  await docker.ok(['buildx', 'bake', '-f', '-', 'made'], {
    input: JSON.stringify(bake),
    cwd: import.meta.dirname,
  });
  expect(await docker.ok(['run', '--rm', image, 'cat', '/one', '/two'])).toBe('one\ntwo');
  expect(await docker.ok(['buildx', 'du'])).toContain('Total:');
  await docker.ok(['rmi', '-f', image]);
});

test('push to and pull from a registry', async () => {
  await using registry = await startRegistry(docker);
  const image = await registry.push(probe, 'team/probe:1');
  await docker.ok(['rmi', image]);
  expect(await docker.ok(['pull', image])).toMatch(/Status: .* for /);
  expect(await docker.ok(['run', '--rm', '--pull', 'always', '-q', image, 'echo', 'pulled'])).toBe('pulled');
  const digest = await docker.ok(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', image]);
  await docker.ok(['rmi', image]);
  await docker.ok(['pull', '-q', digest]);
  expect((await docker.run(['pull', image.replace(':1', ':2')])).stderr).toMatch(
    /not found|manifest unknown/,
  );
  await docker.ok(['rmi', '-f', digest]);
}, 300_000);
