import { execa } from 'execa';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DataDisk extends AsyncDisposable {
  /** Root of the file system. */
  readonly path: string;
  /** A directory of the machine that goes with the disk. */
  readonly dir: string;
}

/**
 * An ext4 file system of its own with a journal, as the VM's data disk has one, in memory: what other work does to the
 * machine's disk stays out of the figures. An ext4 without a journal (many virtual machines' roots) would be no place to
 * measure at all: it looks at every recently deleted inode for each new file (`recently_deleted` in fs/ext4/ialloc.c), so that
 * creating files there takes 5 or 40 ms by where the directory happens to lie.
 */
export async function makeDataDisk(): Promise<DataDisk> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  const [memory, path] = [join(dir, 'memory'), join(dir, 'disk')];
  const image = join(memory, 'data.ext4');
  const dispose = async (): Promise<void> => {
    // Lazily: another engine that started meanwhile has a copy of these mounts in its own namespace.
    for (const mount of [path, memory]) await execa('umount', ['-l', mount], { reject: false });
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await mkdir(memory);
    await mkdir(path);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=8g,mode=0700', 'bulkhead-bench', memory]);
    await execa('truncate', ['-s', '4g', image]);
    await execa('/usr/sbin/mkfs.ext4', ['-q', '-F', '-O', 'has_journal', '-E', 'lazy_itable_init=0', image]);
    await execa('mount', ['-o', 'loop', image, path]);
    return { path, dir, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
