import { mkdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Docker, probe } from '../support/docker.ts';
import type { Instance } from '../support/instance.ts';

/** A VM under a policy that lets one directory be shared. */
export interface GovernedShares {
  readonly instance: Instance;
  readonly docker: Docker;
  /** What may be shared, and what may not. */
  readonly work: string;
  readonly elsewhere: string;
  readonly contact: string;
  /** The user's own settings. */
  readonly file: string;
}

/** While the VM runs that was booted without any. */
export function addedRows(of: () => GovernedShares): void {
  test('G06: the next start shares what share add names, where filesharingAllowedDirectories lets it', async () => {
    const { instance, work } = of();
    mkdirSync(join(work, 'mine'));
    const { status, stderr } = await instance.share('add', join(work, 'mine'));
    expect([status, stderr]).toEqual([0, expect.stringContaining('The next start shares it.')]);
    await expectRefused(of());
  });
}

/** While it is down: what was written past the command is refused as well, and then is not there any more. */
export async function expectNoStart({ instance, work, elsewhere, file }: GovernedShares): Promise<void> {
  const text = await readFile(file, 'utf8');
  expect(text).toContain(join(work, 'mine'));
  await writeFile(file, text.replace(join(work, 'mine'), elsewhere));
  const { status, stderr } = await instance.run('up');
  expect([status, stderr]).toEqual([77, expect.stringContaining('filesharingAllowedDirectories')]);
  await writeFile(file, text);
}

/** After the next boot. */
export function carriedRows(of: () => GovernedShares): void {
  test('G06: what was added before the restart is shared, and only what filesharingAllowedDirectories lets', async () => {
    const { instance, docker, work, elsewhere } = of();
    const write = async (directory: string): Promise<string> => {
      const words = ['run', '--rm', '-v', `${directory}:/w`, probe, 'sh', '-c', 'echo there > /w/file'];
      return (await docker.run(words)).stderr;
    };
    const [mine, late] = [join(work, 'mine'), join(work, 'late')];
    expect(await write(mine)).toBe('');
    mkdirSync(late);
    expect(await instance.share('add', late)).toMatchObject({
      status: 0,
      stderr: 'Shared now, and at each start.',
    });
    expect(await write(late)).toBe('');
    for (const directory of [mine, late])
      expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('there\n');
    for (const directory of [elsewhere, work])
      expect(await write(directory)).toContain(
        `mounts denied: The path ${directory} is not shared from the host`,
      );
    await expectRefused(of());
  });
}

async function expectRefused({ instance, elsewhere, contact, file }: GovernedShares): Promise<void> {
  const before = await readFile(file, 'utf8');
  const { status, stderr } = await instance.share('add', elsewhere);
  expect(status).toBe(77);
  expect(stderr).toContain(`${elsewhere} can't be shared with containers`);
  expect(stderr).toContain('filesharingAllowedDirectories');
  expect(stderr).toContain(contact);
  expect(await readFile(file, 'utf8')).toBe(before);
}
