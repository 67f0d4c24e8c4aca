import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findDockerClient } from '../../scripts/docker-client.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-client-'));
  vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'));
  vi.stubEnv('PATH', dir);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

/** A client whose `buildx version` ends with this status. */
async function installClient(directory: string, status: number): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'docker'), `#!/bin/sh\nexit ${status}\n`, { mode: 0o755 });
}

test('without the build plug-in every call uses one configuration, which names the unpacked one', async () => {
  await installClient(dir, 1);
  const tools = join(dir, 'cache/bulkhead/tools');
  const clients = [findDockerClient('unix:///one'), findDockerClient('unix:///two')];
  expect(clients.map(({ env }) => [env['DOCKER_HOST'], env['DOCKER_CONFIG']])).toEqual([
    ['unix:///one', join(tools, 'docker-config')],
    ['unix:///two', join(tools, 'docker-config')],
  ]);
  expect(await readdir(join(tools, 'docker-config'))).toEqual(['config.json']);
  expect(JSON.parse(await readFile(join(tools, 'docker-config/config.json'), 'utf8'))).toEqual({
    cliPluginsExtraDirs: [join(tools, 'cli-plugins')],
  });
});

test('a client that has its plug-in keeps the configuration of the user; without any client `make setup` is named', async () => {
  expect(() => findDockerClient('unix:///one')).toThrow('make setup');
  await installClient(join(dir, 'cache/bulkhead/tools/bin'), 0);
  const { file, env } = findDockerClient('unix:///one');
  expect(file).toBe(join(dir, 'cache/bulkhead/tools/bin/docker'));
  expect(env['DOCKER_CONFIG']).toBe(process.env['DOCKER_CONFIG']);
});
