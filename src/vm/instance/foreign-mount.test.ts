import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isForeignMount } from './foreign-mount.js';

test.each([
  ['what was made there', { dev: 1, uid: 0 }, { mode: 0o41777, uid: 0 }, false],
  ['what is mounted where anybody may have done it', { dev: 2, uid: 0 }, { mode: 0o41777, uid: 0 }, true],
  ['what is mounted where the group may have', { dev: 2, uid: 0 }, { mode: 0o40775, uid: 0 }, true],
  ['what is mounted where root alone may', { dev: 2, uid: 0 }, { mode: 0o40755, uid: 0 }, false],
  ['what is mounted where its user alone may', { dev: 2, uid: 1000 }, { mode: 0o40700, uid: 1000 }, false],
  [
    'what says it is root’s, where another user may have mounted it',
    { dev: 2, uid: 0 },
    { mode: 0o40700, uid: 1000 },
    true,
  ],
])('%s', (_what, found, parent, foreign) => {
  expect(isForeignMount('/tmp/bulkhead-0', found, { dev: 1, ...parent })).toBe(foreign);
});

/** Of a mount namespace of its own, where a file system stands for one in user space that says whose its files are. */
test.runIf(process.platform === 'linux')(
  'sockets in a file system that another user mounts below /tmp are not ours, whatever it says',
  async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'bh-mount-'));
    onTestFinished(() => rm(temporary, { recursive: true }));
    await chmod(temporary, 0o1777);
    const parent = join(temporary, 'bulkhead-0');
    const fill = async (): Promise<void> => {
      await mkdir(join(parent, 'one'), { recursive: true, mode: 0o700 });
      await writeFile(join(parent, 'one', 'controller.sock'), '');
    };
    await fill();
    const modules = new URL('../../../dist/vm/instance/', import.meta.url).href;
    const script = `
      const { hasSockets } = await import('${modules}runtime-root.js');
      const { checkRuntimeDirectory } = await import('${modules}directories.js');
      const runtimeDir = '${join(parent, 'one')}';
      const reasonOf = () => { try { checkRuntimeDirectory({ runtimeDir }) } catch (error) { return error.params.reason } };
      console.log(hasSockets(runtimeDir, process.getuid()), reasonOf());`;
    const node = `"${process.execPath}" --input-type=module -e "$0"`;
    const said = (before: string): string =>
      execFileSync(
        'unshare',
        ['--user', '--map-root-user', '--mount', 'sh', '-c', `${before} ${node}`, script],
        { encoding: 'utf8' },
      );
    expect(said('')).toBe('true undefined\n');
    const mount = `mount -t tmpfs -o mode=700 none ${parent} && mkdir -m 700 ${parent}/one && touch ${parent}/one/controller.sock &&`;
    expect(said(mount)).toBe('false a file system is mounted there, in a directory others may write to\n');
  },
);
