import { execa } from 'execa';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { rootImage } from '../support/root-image.ts';

const docker = createDocker(inject('dockerHost'));
const source = join(import.meta.dirname, 'unanswered-fuse.c');

/** A process whose root is a FUSE mount that never answers must hold up nobody who only looks which root that is. */
describe('a root that never answers', () => {
  const holder = unique('holder');
  const other = unique('other');
  let image: string;
  beforeAll(async () => {
    image = await rootImage(docker, async (root) => {
      await execa('gcc', ['-O2', '-static', '-s', '-pthread', '-o', join(root, 'unanswered'), source]);
    });
    await docker.ok(['run', '-d', '--name', other, probe, 'sleep', 'inf']);
    await docker.ok(['run', '-d', '--name', holder, '--privileged', image, '/unanswered']);
    await vi.waitUntil(async () => (await docker.ok(['logs', holder])) === 'ready', { timeout: 20_000 });
  });
  afterAll(async () => {
    await docker.run(['rm', '-f', holder, other]);
    await docker.run(['rmi', '-f', image]);
  });

  test('docker cp into another container goes on', { timeout: 8000 }, async () => {
    await docker.ok(['cp', source, `${other}:/tmp/copied`]);
    expect(await docker.ok(['exec', other, 'ls', '/tmp'])).toBe('copied');
  });

  test('docker cp into the container itself does, after a while', { timeout: 30_000 }, async () => {
    expect((await docker.run(['cp', source, `${holder}:/bin/copied`])).status).toBe(0);
  });
});
