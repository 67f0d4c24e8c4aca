import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { keepContext } from '../../dist/cli/docker-context/keep-context.js';
import { systemExec } from '../../dist/common/exec.js';
import { findDockerClient } from '../../scripts/docker-client.ts';

/** With the real Docker client, and a configuration of its own. */
let env: Record<string, string> = {};
let file = '';

beforeEach(async () => {
  file = findDockerClient('').file;
  const path = [dirname(file), process.env['PATH'] ?? ''].join(delimiter);
  env = {
    PATH: path,
    DOCKER_CONFIG: await mkdtemp(join(tmpdir(), 'bh-context-')),
    DOCKER_HOST: 'tcp://gone:1',
  };
});
afterEach(() => rm(env['DOCKER_CONFIG'] ?? '', { recursive: true }));

const listed = z.array(z.object({ Name: z.string(), Current: z.boolean(), DockerEndpoint: z.string() }));

async function contexts() {
  const { PATH = '', DOCKER_CONFIG = '' } = env;
  const { stdout } = await execa(file, ['context', 'ls', '--format', 'json'], {
    env: { PATH, DOCKER_CONFIG },
    extendEnv: false,
  });
  const all = listed.parse(stdout.split('\n').map((line): unknown => JSON.parse(line)));
  return all.filter(({ Name }) => Name !== 'default');
}

test('Docker itself lists what was kept, and switches when it is told to', async () => {
  const request = { instance: 'ci', dockerHost: 'unix:///run/one/docker.sock', use: false };
  expect(await keepContext(systemExec, env, request)).toMatchObject({ kind: 'kept' });
  const one = { Name: 'bulkhead-ci', Current: false, DockerEndpoint: 'unix:///run/one/docker.sock' };
  expect(await contexts()).toEqual([one]);

  const moved = { ...request, dockerHost: 'unix:///run/two/docker.sock', use: true };
  expect(await keepContext(systemExec, env, moved)).toMatchObject({ kind: 'kept', used: true });
  expect(await contexts()).toEqual([{ ...one, Current: true, DockerEndpoint: moved.dockerHost }]);
}, 60_000);

test('one that somebody else made stays as it is', async () => {
  const { PATH = '', DOCKER_CONFIG = '' } = env;
  await execa(file, ['context', 'create', 'bulkhead', '--docker', 'host=tcp://build:2376'], {
    env: { PATH, DOCKER_CONFIG },
    extendEnv: false,
  });
  const request = { instance: 'default', dockerHost: 'unix:///run/docker.sock', use: true };
  expect(await keepContext(systemExec, env, request)).toMatchObject({
    kind: 'foreign',
    host: 'tcp://build:2376',
  });
  expect(await contexts()).toEqual([
    { Name: 'bulkhead', Current: false, DockerEndpoint: 'tcp://build:2376' },
  ]);
}, 60_000);
