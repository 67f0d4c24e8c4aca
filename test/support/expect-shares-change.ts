import { mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Docker, probe } from './docker.ts';
import type { Instance } from './instance.ts';

/** What `bulkhead share` does to a VM that runs and was booted with a directory. @param outer is not shared, and neither is what is made in it. */
export async function expectSharesChange(instance: Instance, docker: Docker, outer: string): Promise<void> {
  const late = join(outer, 'late');
  mkdirSync(late);
  const flags = ['-v', `${late}:/w`];
  const expectUnknown = async (): Promise<void> => {
    const { stderr } = await docker.run(['run', '--rm', ...flags, probe, 'true']);
    expect(stderr).toContain(
      `mounts denied: The path ${late} is not shared from the host and is not known to Docker.`,
    );
  };
  await expectUnknown();
  const said = { status: 0, stderr: 'Shared now, and at each start.' };
  expect(await instance.share('add', late)).toMatchObject(said);
  const script = 'echo late > /w/file; mknod /w/null c 1 3; ln -s /etc /w/link; cat /w/file';
  const { stdout } = await docker.run(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
  expect([stdout, readdirSync(late).sort()]).toEqual(['late', ['file', 'link']]);
  const linked = await docker.run(['run', '--rm', '-v', `${late}/link:/w`, probe, 'true']);
  expect(linked.stderr).toContain('a symbolic link lies on the way');
  expect((await instance.status()).shares?.map(({ path }) => path)).toContain(late);

  const id = await docker.ok(['run', '-d', ...flags, probe, 'sleep', '600']);
  const used = await instance.share('remove', late);
  expect([used.status, used.stderr]).toEqual([
    75,
    expect.stringContaining(`container ${id.slice(0, 12)} uses it`),
  ]);
  await docker.ok(['rm', '-f', id]);
  expect(await instance.share('remove', late)).toMatchObject({ status: 0 });
  await expectUnknown();

  // The port of the one that went is free, and a name is made that the VM has no directory for.
  const parent = await mkdtemp('/bh-late-');
  const again = join(parent, 'inner');
  mkdirSync(again);
  try {
    expect(await instance.share('add', `${again}:ro`)).toMatchObject(said);
    const written = await docker.run(['run', '--rm', '-v', `${again}:/w`, probe, 'touch', '/w/x']);
    expect([written.status === 0, written.stderr]).toEqual([
      false,
      expect.stringContaining('Read-only file system'),
    ]);
    expect(await instance.share('remove', again)).toMatchObject({ status: 0 });
  } finally {
    await rm(parent, { recursive: true });
  }
}
