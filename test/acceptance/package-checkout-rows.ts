import { lstatSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyNpm, makeNpmProject } from '../support/npm-project.ts';
import { packageProject, packagesOfProject } from '../support/package-project.ts';
import { workshopImage } from '../support/workshop-image.ts';
import type { CheckoutPlace } from './checkout-rows.ts';

const use = `const { TraceMap, originalPositionFor } = require('./dist/trace-mapping.js');
const map = new TraceMap({ version: 3, sources: ['input.js'], names: ['foo'], mappings: 'KAyCIA' });
console.log(JSON.stringify(originalPositionFor(map, { line: 1, column: 5 })));
`;
const used = '{"source":"input.js","line":42,"column":4,"name":"foo"}';

/** What `checkoutRows` does with this repository, with a small one: for an engine in an emulated machine, where that would take many minutes. */
export function packageCheckoutRows(place: () => CheckoutPlace): void {
  describe('a checkout of a package', () => {
    let directory = '';
    let checkout = '';
    let image = '';
    beforeAll(async () => {
      image = await workshopImage(place().docker);
      directory = await mkdtemp(join(place().shared, 'package-'));
      checkout = join(directory, 'checkout');
      await mkdir(checkout);
      await copyNpm(join(directory, 'npm'));
      await makeRepository(directory);
    }, 600_000);
    afterAll(async () => rm(directory, { recursive: true, force: true }));

    /** In a container of an ordinary user, at the paths of the host. */
    const inside = async (script: string): Promise<string> => {
      const flags = ['--network', 'none', '-u', '1000:1000', '-e', 'HOME=/tmp'];
      const mounted = ['-v', `${directory}:${directory}`, '-w', checkout];
      return place().docker.ok(['run', '--rm', ...flags, ...mounted, image, 'sh', '-euc', script]);
    };
    const onHost = async (...words: string[]): Promise<string> =>
      (await execa('git', ['-C', checkout, ...words])).stdout;

    test('is made by git, worked on inside and outside, and sound in both places', async () => {
      const said = await inside(`
        git clone -q --no-local ${directory}/repository .
        git config user.name Developer; git config user.email developer@example.com
        echo inside >> README.md; git add -A; git commit -q -m 'from inside'; git gc -q
        git status --porcelain; git log --format=%s
      `);
      expect(said).toBe('from inside\nfirst');
      expect(await onHost('status', '--porcelain')).toBe('');
      expect(await onHost('fsck', '--strict', '--no-progress')).toBe('');
      await writeFile(join(checkout, 'README.md'), 'outside\n');
      await onHost('commit', '-q', '-a', '-m', 'from outside');
      expect(
        await inside('git status --porcelain; git fsck --strict --no-progress; git log -1 --format=%s'),
      ).toBe('from outside');
    }, 300_000);

    test('has its packages installed and is built with its compiler, and what was built works in both places', async () => {
      const npm = `node ${directory}/npm/bin/npm-cli.js`;
      const flags = '--offline --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error';
      const said = await inside(`
        ${npm} ci ${flags} --cache=${directory}/cache
        node_modules/.bin/tsc -p .
        git status --porcelain
        node use.cjs
      `);
      expect(said.split('\n').at(-1)).toBe(used);
      expect((await execa(process.execPath, [join(checkout, 'use.cjs')])).stdout).toBe(used);
      expect(await onHost('status', '--porcelain')).toBe('');
    }, 300_000);

    test('all of it is the developer’s', () => {
      const paths = readdirSync(checkout, { recursive: true, encoding: 'utf8' });
      expect(paths).toEqual(expect.arrayContaining(['dist/trace-mapping.js', 'node_modules/.bin/tsc']));
      const owner = process.getuid?.();
      const foreign = paths.filter((path) => lstatSync(join(checkout, path)).uid !== owner);
      expect(foreign).toEqual([]);
    }, 60_000);
  });
}

/** `repository`, and `cache` with what it locks. */
async function makeRepository(directory: string): Promise<void> {
  const scratch = join(directory, 'scratch');
  await mkdir(scratch);
  const manifest = { name: 'of-a-test', version: '1.0.0', private: true };
  await makeNpmProject(directory, scratch, { wanted: [...packagesOfProject, 'typescript'], manifest });
  await rm(scratch, { recursive: true });
  const repository = join(directory, 'repository');
  await cp(join(directory, 'project'), repository, { recursive: true });
  await packageProject(repository);
  await writeFile(join(repository, 'use.cjs'), use);
  const git = async (...words: string[]) => execa('git', ['-C', repository, ...words]);
  await git('init', '-q', '--template=');
  await git('add', '.');
  await git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-q', '-m', 'first');
}
