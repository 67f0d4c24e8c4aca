import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';
import { engineRoot } from './engine-root.ts';

const engineDirectory = '/run/bulkhead/engine';

/**
 * dockerd and containerd work in volumes and layers as root of the VM while containers change them: a link put in their way must lead
 * nowhere, whichever of the two keeps the layers.
 */
export function linkAttacks(docker: () => Docker): void {
  describe('symbolic links that a container puts in the way of dockerd', () => {
    let root: string;
    const containers: string[] = [];
    const volumes: string[] = [];
    const images: string[] = [];
    const named = (list: string[], prefix: string): string => {
      const name = unique(prefix);
      list.push(name);
      return name;
    };
    beforeAll(() => {
      root = engineRoot(docker().host);
    });
    afterAll(async () => {
      await docker().run(['rm', '-f', ...containers]);
      await docker().run(['volume', 'rm', '-f', ...volumes]);
      await docker().run(['rmi', '-f', ...images]);
    });

    test('a new volume that is being filled leads no file of the image into the engine', async () => {
      const image = named(images, 'filler');
      const volume = named(volumes, 'filled');
      const watcher = named(containers, 'watcher');
      const numbers = Array.from({ length: 30 }, (_, index) => `e${index + 10}`).join(' ');
      const dockerfile = `FROM ${probe}\nRUN mkdir /d; for n in ${numbers}; do mkdir /d/$n; head -c 2000000 /dev/zero > /d/$n/held; done\n`;
      await docker().ok(['build', '-q', '-t', image, '-'], { input: dockerfile });
      const race = [
        'echo watching; while set -- /v/e*; [ ! -e $1 ]; do :; done',
        `for n in ${numbers}; do ln -s ${engineDirectory} /v/$n 2> /dev/null; done`,
        'echo raced; sleep 600',
      ].join('; ');
      await docker().ok(['run', '-d', '--name', watcher, '-v', `${volume}:/v`, probe, 'sh', '-c', race]);
      await expect
        .poll(async () => docker().ok(['logs', watcher]), { timeout: 10_000 })
        .toContain('watching');
      await docker().run([
        'create',
        '--name',
        named(containers, 'created'),
        '-v',
        `${volume}:/d`,
        image,
        'true',
      ]);
      await expect.poll(async () => docker().ok(['logs', watcher]), { timeout: 10_000 }).toContain('raced');
      const sentinel = join(root, engineDirectory, 'held');
      const written = existsSync(sentinel);
      rmSync(sentinel, { force: true });
      expect(written).toBe(false);
      // Some directory must have become a link, or nothing was raced.
      const data = join(root, '/var/lib/docker/volumes', volume, '_data');
      const links = readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
      expect(links.length).toBeGreaterThan(0);
    });

    test('a commit of a running container brings no file of the engine into the image', async () => {
      const image = named(images, 'committed');
      const container = named(containers, 'toggling');
      const secret = join(root, engineDirectory, 'secret');
      const numbers = Array.from({ length: 30 }, (_, index) => `a${index + 10}`).join(' ');
      const script = [
        `for n in ${numbers}; do mkdir /$n; head -c 4000000 /dev/zero > /$n/first; echo own > /$n/secret; done`,
        'echo toggling',
        `while :; do for n in ${numbers}; do mv /$n /b$n; ln -s ${engineDirectory} /$n; done`,
        `for n in ${numbers}; do rm /$n; mv /b$n /$n; done; done`,
      ].join('; ');
      await docker().ok(['run', '-d', '--name', container, probe, 'sh', '-c', script]);
      await expect
        .poll(async () => docker().ok(['logs', container]), { timeout: 20_000 })
        .toContain('toggling');
      writeFileSync(secret, "the engine's");
      let seen = '';
      // A commit that stumbles over the changes fails as a whole; one of several comes through.
      for (let commits = 0; commits < 6; commits += 1) {
        await docker().run(['commit', '-p=false', container, image]);
        seen += (await docker().run(['run', '--rm', image, 'sh', '-c', 'cat /a*/secret /ba*/secret'])).stdout;
      }
      rmSync(secret);
      expect(seen).not.toContain('engine');
    });

    test('links inside volumes and images still work for containers', async () => {
      const volume = named(volumes, 'linked');
      const script =
        'mkdir /v/a; echo kept > /v/a/file; ln -s a /v/b; cat /v/b/file; ln -s /v/b/file /w; cat /w';
      expect(await docker().ok(['run', '--rm', '-v', `${volume}:/v`, probe, 'sh', '-c', script])).toBe(
        'kept\nkept',
      );
    });
  });
}
