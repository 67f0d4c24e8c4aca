import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isOpenAsDisk } from './disk-locks.js';

let directory = '';
let disk = '';
beforeEach(async () => {
  directory = await mkdtemp('/tmp/bulkhead-locks-');
  disk = join(directory, 'data.raw');
  await writeFile(disk, 'x');
});
afterEach(() => rm(directory, { recursive: true }));

/** Has it open with such a lock until it ends: F_OFD_SETLK (37), as QEMU does, or flock(2). */
async function holding(lock: string) {
  const script = `open(my $f, "+<", $ARGV[0]) or die; ${lock} or die "$!"; $| = 1; print "locked"; sleep 600`;
  const holder = spawn('/usr/bin/perl', ['-e', script, disk], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      holder.kill('SIGKILL');
      await once(holder, 'close');
    },
  };
}

test('a disk that QEMU has open is seen, and not any more once that has ended', async () => {
  expect(await isOpenAsDisk(disk)).toBe(false);
  {
    await using _qemu = await holding('my $lock = pack("ssx4qqix4", 0, 0, 100, 1, 0); fcntl($f, 37, $lock)');
    expect(await isOpenAsDisk(disk)).toBe(true);
    await writeFile(`${disk}2`, 'x');
    expect(await isOpenAsDisk(`${disk}2`)).toBe(false);
  }
  expect(await isOpenAsDisk(disk)).toBe(false);
});

test('other locks are somebody else’s, and without a list there are none', async () => {
  await using _other = await holding('flock($f, 2)');
  expect(await isOpenAsDisk(disk)).toBe(false);
  expect(await isOpenAsDisk(disk, '')).toBe(false);
});
