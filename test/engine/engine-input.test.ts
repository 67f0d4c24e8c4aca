import { afterAll, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { engineInternals } from '../support/engine-internals.ts';

/** Requests of which dockerd makes something as root of the VM: text in its own memory, arguments of a program. */
const docker = createDocker(inject('dockerHost'));
const names: string[] = [];
afterAll(async () => {
  await docker.run(['rm', '-f', ...names]);
});
const named = (): string => {
  const name = unique('input');
  names.push(name);
  return name;
};

test('a log tag is no program that takes all memory at each start of the engine', async () => {
  const engine = await engineInternals(inject('enginePid'));
  const before = await engine.pidOf('dockerd');
  // The condition lets the first start succeed, after which `--restart always` holds over every start of dockerd.
  const [first, later] = [named(), named()];
  const tag = `tag={{if eq .ContainerName "/${later}"}}{{pad .ID 60000000000 0}}{{end}}`;
  const flags = ['-d', '--restart', 'always', '--name', first, '--log-opt', tag];
  const { status, stderr } = await docker.run(['run', ...flags, probe, 'sleep', '600']);
  await docker.run(['rename', first, later]);
  await docker.run(['restart', '-t', '0', later]);
  expect([status, stderr]).toEqual([125, expect.stringContaining('rule log-drivers refuses the log tag')]);
  expect(await engine.pidOf('dockerd')).toBe(before);
});

test('a log tag of fields is written with each line', async () => {
  const name = named();
  const flags = ['--name', name, '--log-opt', 'tag={{.ImageName}}/{{.Name}}'];
  expect(await docker.ok(['run', ...flags, probe, 'echo', 'one'])).toBe('one');
  expect(await docker.ok(['logs', '--details', name])).toBe(
    `tag=${encodeURIComponent(`${probe}/${name}`)} one`,
  );
});

test('docker top shows processes of the container alone', async () => {
  const name = named();
  await docker.ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
  const socket = docker.socket;
  const top = async (given: string): Promise<string> =>
    (
      await callEngine(socket, {
        method: 'GET',
        path: `/containers/${name}/top?ps_args=${encodeURIComponent(given)}`,
      })
    ).text;
  expect(await top('-eo pid,args')).toContain('sleep 600');
  // The column of that title decides whose processes are shown; here it is the parent's number.
  expect(await top('-eoppid=PID,args')).toContain('rule process-list refuses');
});
