import { execa } from 'execa';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { rootImage } from '../support/root-image.ts';
import { stopWaitingInit } from '../support/stopped-init.ts';

const docker = createDocker(inject('dockerHost'));
const lockedMemory = join(import.meta.dirname, 'locked-memory.c');

/**
 * dockerd opens the file while it holds the lock of the container, for which each prune and the removal of the container wait. Another
 * container would make whoever looks for such starts wait for ever, by reading the command lines of all processes.
 */
test('a container whose /etc/passwd is a pipe is started and removed, and holds up no prune', async () => {
  const [name, locked] = [unique('pipes'), unique('locked')];
  const image = await rootImage(docker, async (root) => {
    await execa('gcc', ['-O2', '-static', '-s', '-o', join(root, 'locked-memory'), lockedMemory]);
  });
  onTestFinished(async () => {
    await docker.run(['rm', '-f', locked, name]);
    await docker.run(['rmi', '-f', image]);
  });
  const run = ['run', '-d', '--stop-signal=KILL'];
  const script = 'rm -f /etc/passwd; mkfifo /etc/passwd; echo made; exec sleep inf';
  await docker.ok([...run, '--name', name, probe, 'sh', '-c', script]);
  await expect.poll(async () => docker.ok(['logs', name]), { timeout: 20_000 }).toBe('made');
  await docker.ok(['stop', name]);
  await docker.ok([...run, '--name', locked, '--privileged', image, '/locked-memory']);
  await expect.poll(async () => docker.ok(['logs', locked]), { timeout: 20_000 }).toBe('ready');

  const prune = ['container', 'prune', '-f', '--filter', `label=${name}`];
  await Promise.all([docker.ok(['start', name]), docker.ok(prune)]);
  expect(await docker.ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('true');
  expect(await docker.ok(['logs', locked])).toBe('ready');
  await docker.ok(['rm', '-f', name, locked]);
});

test('a runc init that is stopped before it is started fails its start, and the next one succeeds', async () => {
  const id = await docker.ok(['create', '--name', unique('stopped'), probe, 'sleep', '1000']);
  onTestFinished(async () => {
    await docker.run(['rm', '-f', id]);
  });
  const dockerd = await (await engineInternals(inject('enginePid'))).pidOf('dockerd');
  if (dockerd === undefined) throw new Error('dockerd does not run');
  const start = async (): Promise<{ stopped: boolean; status: number; stderr: string }> => {
    const over = new AbortController();
    const [stopped, ran] = await Promise.all([
      stopWaitingInit(inject('enginePid'), { containerId: id, dockerd }, over.signal),
      docker.run(['start', id]).finally(() => {
        over.abort();
      }),
    ]);
    return { stopped, ...ran };
  };
  let attempt = await start();
  for (let missed = 0; !attempt.stopped && missed < 5; missed += 1) {
    await docker.ok(['kill', id]);
    attempt = await start();
  }
  expect(attempt).toMatchObject({ stopped: true, status: 1 });
  // As it is ended before `runc start` looks, or while that waits.
  expect(attempt.stderr).toMatch(/has stopped|already dead/);
  await docker.ok(['start', id]);
  expect(await docker.ok(['inspect', '-f', '{{.State.Running}}', id])).toBe('true');
});

/** For a copy dockerd mounts all that the container has mounted a second time, and opens what it mounts on, with the same lock. */
test('a copy from a container with a pipe below a mounted file ends, and holds up no prune', async () => {
  const name = unique('covered');
  onTestFinished(async () => {
    await docker.run(['rm', '-f', name]);
  });
  const script =
    'umount /etc/hostname && rm /etc/hostname && mkfifo /etc/hostname && echo made; exec sleep inf';
  const flags = ['-d', '--privileged', '--stop-signal=KILL', '--name', name];
  await docker.ok(['run', ...flags, probe, 'sh', '-c', script]);
  await expect.poll(async () => docker.ok(['logs', name]), { timeout: 20_000 }).toBe('made');
  const [copied] = await Promise.all([
    docker.ok(['cp', `${name}:/etc/passwd`, '-']),
    docker.ok(['container', 'prune', '-f', '--filter', `label=${name}`]),
  ]);
  expect(copied).toContain('root:');
  await docker.ok(['rm', '-f', name]);
});
