import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { engineRoot } from './engine-root.ts';

const docker = createDocker(inject('dockerHost'));

/**
 * dockerd itself follows bind sources and local volumes, as root of the VM and before or without any container being
 * started, so the front door is never asked. Each sentinel is looked at in the engine's root, from the host.
 */
describe("the engine's own files through the engine", () => {
  let root: string;
  const containers: string[] = [];
  const volumes: string[] = [];
  const planted: string[] = [];
  beforeAll(() => {
    root = engineRoot(docker.host);
  });
  afterAll(async () => {
    if (containers.length > 0) await docker.run(['rm', '-f', ...containers]);
    if (volumes.length > 0) await docker.run(['volume', 'rm', '-f', ...volumes]);
    for (const path of planted) rmSync(path, { recursive: true, force: true });
  });
  const inEngine = (path: string): string => {
    const seen = join(root, path);
    planted.push(seen);
    return seen;
  };
  const container = (prefix: string): string => {
    const name = unique(prefix);
    containers.push(name);
    return name;
  };
  const volume = (prefix: string): string => {
    const name = unique(prefix);
    volumes.push(name);
    return name;
  };
  /** Asks for a local volume that is a directory of the engine; whether it is made is not the question. */
  const bindVolume = async (name: string, device: string): Promise<unknown> =>
    docker.run([
      'volume',
      'create',
      '--opt',
      'type=none',
      '--opt',
      'o=bind',
      '--opt',
      `device=${device}`,
      name,
    ]);

  test('docker cp through a local volume that binds a directory of the engine neither', async () => {
    const name = container('cp-volume');
    const bound = volume('bound');
    const sentinel = inEngine('/run/bulkhead/etc/package.json');
    await bindVolume(bound, '/run/bulkhead/etc');
    await docker.run(['create', '--name', name, '-v', `${bound}:/host`, probe, 'true']);
    await docker.run(['cp', join(import.meta.dirname, '../../package.json'), `${name}:/host/`]);
    expect(existsSync(sentinel)).toBe(false);
  });

  test('the first use of a local volume copies nothing of the image into the engine', async () => {
    const name = container('populate');
    const bound = volume('populated');
    const sentinel = join(root, '/run/bulkhead/stage');
    await bindVolume(bound, '/run/bulkhead/stage');
    await docker.run(['create', '--name', name, '-v', `${bound}:/bin`, probe, 'true']);
    const found = readdirSync(sentinel);
    for (const entry of found) rmSync(join(sentinel, entry), { recursive: true });
    expect(found).toEqual([]);
  });

  test('a bind source that is missing is not made in the engine', async () => {
    const sentinel = inEngine('/run/bulkhead/engine/made-by-a-bind');
    await docker.run(['run', '--rm', '-v', '/run/bulkhead/engine/made-by-a-bind:/x', probe, 'true']);
    expect(existsSync(sentinel)).toBe(false);
  });

  test('no bind source stops all containers from being made', async () => {
    const planted = inEngine('/run/bulkhead/ids/cursor.new');
    await docker.run(['run', '--rm', '-v', '/run/bulkhead/ids/cursor.new:/x', probe, 'true']);
    const { status } = await docker.run(['run', '--rm', probe, 'true']);
    rmSync(planted, { recursive: true, force: true });
    expect(status).toBe(0);
  });

  test("runc's state of a container cannot be given a hook that runs as root of the VM", async () => {
    const victim = container('victim');
    const thief = container('thief');
    const sentinel = inEngine('/run/bulkhead/engine/hook-ran');
    const id = await docker.ok(['run', '-d', '--name', victim, probe, 'sleep', '600']);
    const lower = await docker.ok(['inspect', '-f', '{{.GraphDriver.Data.LowerDir}}', victim]);
    const busybox = `${lower.split(':').at(-1) ?? ''}/bin/busybox`;
    const state = `/run/docker/runtime-runc/moby/${id}`;
    const edit = [
      `s/"poststop":null/"poststop":[{"path":"${busybox.replaceAll('/', '\\/')}",`,
      String.raw`"args":["busybox","touch","\/run\/bulkhead\/engine\/hook-ran"]}]/`,
    ].join('');
    await docker.run(['create', '--name', thief, '-v', `${state}:/state`, probe, 'true']);
    const { stdout: tar } = await docker.run(['cp', `${thief}:/state/state.json`, '-']);
    const edited = await docker.run(
      [
        'run',
        '--rm',
        '-i',
        probe,
        'sh',
        '-c',
        `cd /tmp && tar x && sed -i '${edit}' state.json && tar c state.json`,
      ],
      { input: tar },
    );
    await docker.run(['cp', '-', `${thief}:/state/`], { input: edited.stdout });
    await docker.run(['stop', '-t', '1', victim]);
    expect(existsSync(sentinel)).toBe(false);
  });
});
