import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import { createDocker, probe } from '../../support/docker.ts';
import { engineInternals } from '../../support/engine-internals.ts';

const docker = createDocker(inject('dockerHost'));
const project = join(import.meta.dirname, 'testcontainers-project.ts');

/** Without its reaper, which needs the Docker socket and so a rule of the policy (with-socket.test.ts). */
test('testcontainers: wait strategies, published ports, networks, files, exec, and it leaves nothing', async () => {
  const { init } = await engineInternals(inject('enginePid'));
  const enter = ['-t', String(init), '-n', '--', process.execPath, project, probe];
  const { stdout } = await execa('/usr/bin/nsenter', enter, {
    env: { DOCKER_HOST: docker.host, TESTCONTAINERS_RYUK_DISABLED: 'true' },
    timeout: 90_000,
  });
  const said: unknown = JSON.parse(stdout.split('\n').at(-1) ?? '');
  expect(said).toEqual({
    published: 'a page',
    copied: 'another page',
    archived: true,
    executed: ['from exec\n', 4],
  });
  expect(await docker.ok(['ps', '-aq', '--filter', 'label=org.testcontainers'])).toBe('');
}, 120_000);
