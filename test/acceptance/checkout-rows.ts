import { lstatSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Docker } from '../support/docker.ts';
import { toolchainImage } from '../support/toolchain-image.ts';

export interface CheckoutPlace {
  readonly docker: Docker;
  /** A directory of the developer's that is shared with the engine. */
  readonly shared: string;
}

const repository = join(import.meta.dirname, '../..');

/** A real project in a directory of the developer's, this one: worked on with git, its packages installed and itself built, in containers. */
export function checkoutRows(place: () => CheckoutPlace): void {
  describe('a checkout of this repository', () => {
    let image = '';
    let directory = '';
    let checkout = '';
    beforeAll(async () => {
      image = await toolchainImage(place().docker);
      directory = await mkdtemp(join(place().shared, 'work-'));
      checkout = join(directory, 'bulkhead');
      await execa('git', ['clone', '-q', '--no-local', repository, checkout]);
    }, 600_000);
    afterAll(async () => rm(directory, { recursive: true, force: true }));

    const inside = async (script: string): Promise<string> =>
      place().docker.ok(
        ['run', '--rm', '--network', 'none', '-v', `${checkout}:/src`, '-w', '/src', image].concat([
          'sh',
          '-euc',
          script,
        ]),
      );
    const onHost = async (...args: string[]): Promise<string> =>
      (await execa('git', ['-C', checkout, ...args])).stdout;

    test('git inside and outside see the same tree and each other’s commits', async () => {
      expect(await inside('git status --porcelain; git rev-parse HEAD')).toBe(
        await onHost('rev-parse', 'HEAD'),
      );
      await inside(`
        git config user.name Developer; git config user.email developer@example.com
        git checkout -q -b work
        git mv README.md READ.md; echo more >> READ.md; rm -r docs
        git add -A; git commit -q -m 'from inside'; git gc -q
      `);
      expect(await onHost('status', '--porcelain', '--branch')).toBe('## work');
      expect(await onHost('log', '-1', '--format=%s')).toBe('from inside');
      await onHost('checkout', '-q', 'HEAD~1', '--', 'docs');
      await onHost('commit', '-q', '-m', 'from outside');
      expect(await inside('git status --porcelain; git fsck --no-progress; git log -1 --format=%s')).toBe(
        'from outside',
      );
    }, 300_000);

    test('its packages are installed, and it is built without its tests and runs', async () => {
      await inside(`
        cp /toolchain/project/* .
        find src '(' -name '*.test.ts' -o -name '*.test-support.ts' -o -name test-support -o -name testing -o -name variants ')' -prune -exec rm -r {} +
        npm ci --offline --ignore-scripts --no-audit --no-fund --loglevel=error --cache=/toolchain/cache
        node_modules/.bin/tsc --build
      `);
      const { stdout } = await execa(process.execPath, [join(checkout, 'dist/cli/main.js'), '--version']);
      expect(await inside('node dist/cli/main.js --version')).toBe(stdout);
      expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
    }, 600_000);

    test('all of it is the developer’s', () => {
      const paths = readdirSync(checkout, { recursive: true, encoding: 'utf8' });
      expect(paths.length).toBeGreaterThan(4000);
      const owner = process.getuid?.();
      const foreign = paths.filter((path) => lstatSync(join(checkout, path)).uid !== owner);
      expect(foreign).toEqual([]);
    }, 60_000);
  });
}
