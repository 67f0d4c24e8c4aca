import { execa } from 'execa';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';
import { rootImage } from '../support/root-image.ts';

const source = join(import.meta.dirname, 'unanswered-fuse.c');

/**
 * A process whose root is a FUSE mount that never answers must hold up nobody who only looks which root that is.
 *
 * @param copyMs how long `docker cp` may take, in milliseconds; into the container itself four times as long.
 * @param itself whether that is tried as well. It takes 20 s wherever it runs: the daemon waits as long for an answer.
 */
export function unansweredFuseRows(
  docker: () => Docker,
  { copyMs, itself }: { readonly copyMs: number; readonly itself: boolean },
): void {
  describe('a root that never answers', () => {
    const holder = unique('holder');
    const other = unique('other');
    let image: string;
    beforeAll(async () => {
      image = await rootImage(docker(), async (root) => {
        await execa('gcc', ['-O2', '-static', '-s', '-pthread', '-o', join(root, 'unanswered'), source]);
      });
      await docker().ok(['run', '-d', '--name', other, probe, 'sleep', 'inf']);
      await docker().ok(['run', '-d', '--name', holder, '--privileged', image, '/unanswered']);
      const ready = async (): Promise<boolean> => (await docker().ok(['logs', holder])) === 'ready';
      await vi.waitUntil(ready, { timeout: 60_000 });
    });
    afterAll(async () => {
      await docker().run(['rm', '-f', holder, other]);
      await docker().run(['rmi', '-f', image]);
    });

    test('docker cp into another container goes on', { timeout: copyMs }, async () => {
      await docker().ok(['cp', source, `${other}:/tmp/copied`]);
      expect(await docker().ok(['exec', other, 'ls', '/tmp'])).toBe('copied');
    });

    if (!itself) return;
    test('docker cp into the container itself does, after a while', { timeout: 4 * copyMs }, async () => {
      expect((await docker().run(['cp', source, `${holder}:/bin/copied`])).status).toBe(0);
    });
  });
}
