import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { orNothing } from '../../src/common/cause.ts';
import { readSuperblock, superblockLength, superblockOffset } from '../../src/vm/disk/ext4-superblock.ts';
import { eventually } from './eventually.ts';
import type { Instance } from './instance.ts';

/** What a disk is at this moment: what SIGKILL would leave of it, because QEMU keeps nothing back of what it has written. */
export interface DiskNow {
  /** By its superblock. */
  readonly fileSystemBytes: number;
  /** When it was mounted last, by the clock of its VM. */
  readonly mounted: number;
  readonly hostBytes: number;
  /** Of the last write. */
  readonly changed: bigint;
}

/** In the superblock (fs/ext4/ext4.h, `s_mtime`). */
const mountTime = 0x2c;

export function diskNow(file: string): DiskNow {
  const disk = openSync(file, 'r');
  try {
    const block = Buffer.alloc(superblockLength);
    readSync(disk, block, 0, superblockLength, superblockOffset);
    const { mtimeNs, blocks } = fstatSync(disk, { bigint: true });
    return {
      fileSystemBytes: readSuperblock(block)?.sizeBytes ?? 0,
      mounted: block.readUInt32LE(mountTime),
      hostBytes: Number(blocks) * 512,
      changed: mtimeNs,
    };
  } finally {
    closeSync(disk);
  }
}

/** The process of the VM that has this disk, as soon as there is one; not one that QEMU is only asked for its version by. */
export async function qemuOf(instance: Instance, disk: string): Promise<number> {
  const read = (pid: number, name: string): string =>
    orNothing(() => readFileSync(`/proc/${pid}/${name}`, 'utf8')) ?? '';
  return eventually(async () => {
    const pid = (await instance.processes()).find(
      (each) => read(each, 'comm').startsWith('qemu-system') && read(each, 'cmdline').includes(disk),
    );
    if (pid === undefined) throw new Error('no QEMU');
    return pid;
  }, 120_000);
}

/** Waits for what is over in milliseconds, so it asks as often as it can. Rejects when `over` says that it cannot come any more. */
export async function seen(happened: () => boolean, over: () => boolean): Promise<void> {
  while (!happened()) {
    if (over()) throw new Error('what was waited for did not happen');
    await sleep(1);
  }
}
