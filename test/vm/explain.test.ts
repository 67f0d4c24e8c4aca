import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseExplanation } from '../../dist/common/explanation.js';
import { findDockerClient } from '../../scripts/docker-client.ts';
import { createDocker, probe, unique } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';

/** `bulkhead explain` through the controller and the control channel; what it says of each option is tested in native mode. */
const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);
const client = findDockerClient(docker.host).file;
const running = unique('explained');

beforeAll(() => docker.ok(['run', '-d', '--name', running, '--privileged', probe, 'sleep', '600']));
afterAll(() => docker.run(['rm', '-f', running]));

test('explain -- docker run: what isolation would change, as text and as JSON, of a container that is not made', async () => {
  const name = unique('never-made');
  const words = ['--', client, 'run', '--rm', '--name', name, '--privileged', probe, 'true'];
  const text = await instance.run('explain', ...words);
  expect(text).toMatchObject({ status: 0, stderr: '' });
  expect(text.stdout).toContain('linux.uidMappings');
  expect(text.stdout).toContain('devices');

  const json = await instance.run('explain', '--json', ...words);
  expect(json).toMatchObject({ status: 0, stderr: '' });
  const explanation = parseExplanation(JSON.parse(json.stdout));
  expect(explanation).toMatchObject({ verdict: 'isolated', refusals: [] });
  expect(explanation.changes.map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(['user-namespace', 'devices', 'seccomp-floor', 'cgroups']),
  );
  expect(await docker.ok(['ps', '-aq', '--filter', `name=${name}`])).toBe('');
});

test.each([
  [['--pid=host'], 'namespaces', "can't share namespaces [pid] with the host"],
  [['-v', '/etc:/host'], 'gate', "can't mount /etc because it's configured as a restricted host mount"],
])(
  'explain -- docker run %j: refused, by which rule, with the words of the refusal',
  async (flags, rule, words) => {
    const command = ['--', client, 'run', '--rm', ...flags, probe, 'true'];
    const text = await instance.run('explain', ...command);
    expect(text.status).toBe(77);
    expect(text.stdout).toContain(words);

    const json = await instance.run('explain', '--json', ...command);
    expect(json.status).toBe(77);
    const { verdict, refusals } = parseExplanation(JSON.parse(json.stdout));
    expect({ verdict, rule: refusals[0]?.rule }).toEqual({ verdict: 'refused', rule });
    expect(refusals[0]?.message).toContain(words);
  },
);

test('explain <container>: what was decided for one that runs, and the ids it has are those it was given', async () => {
  const text = await instance.run('explain', running);
  expect(text).toMatchObject({ status: 0, stderr: '' });
  expect(text.stdout).toContain('linux.uidMappings');

  const json = await instance.run('explain', '--json', running);
  expect(json).toMatchObject({ status: 0, stderr: '' });
  const { changes } = parseExplanation(JSON.parse(json.stdout));
  const given = changes.find(({ what }) => what === 'linux.uidMappings')?.after;
  const [inside, base, size] = (await docker.ok(['exec', running, 'cat', '/proc/self/uid_map']))
    .split(/\s+/)
    .map(Number);
  expect(given).toEqual([{ containerID: inside, hostID: base, size }]);
});
