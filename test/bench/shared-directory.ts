import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker, probe } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';
import { cpuModel } from '../../dist/vm/qemu/arguments.js';
import { inRawGuest } from './raw-virtiofs.ts';

/** Root's server has file handles, which need a right (CAP_DAC_READ_SEARCH) that no user's has, and ours is not to have. */
const asUsers = ['--inode-file-handles=never'];
const shape = { cpus: 2, memoryMiB: 2048 };
/** What QEMU emulates when nobody takes anything from it, and what it emulates for us. */
export const processors = { asItComes: 'max', ours: cpuModel('tcg') } as const;
const programs = join(import.meta.dirname, 'shares');

/** A directory in memory, and both ways to it: at /mnt of a container, and of a VM that has nothing of ours. `share-load` lies in it. */
export interface SharedDirectory {
  readonly share: string;
  /** Boots the VM that shares it. */
  readonly up: () => Promise<Docker>;
  /** Ends it, for an `up` that begins anew. */
  readonly down: () => Promise<void>;
  /** What a command says in a container of that VM. */
  readonly ours: (command: readonly string[]) => Promise<string>;
  /** The same in the other VM, by virtiofsd with the rights of a user. */
  readonly raw: (command: readonly string[], cpu?: string) => Promise<string>;
}

export async function withSharedDirectory<T>(use: (directory: SharedDirectory) => Promise<T>): Promise<T> {
  await execa('make', ['-s', '-C', programs]);
  const dir = await mkdtemp(join(tmpdir(), 'bh-bs-'));
  const share = join(dir, 'share');
  for (const made of [share, join(dir, 'run')]) await mkdir(made, { mode: 0o700 });
  await execa('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'bulkhead-bench', share]);
  const image = await builtImageDir();
  const instance = instanceAt({ name: 'bench', dir, image });
  const docker = createDocker(instance.dockerHost);
  try {
    await copyFile(join(programs, 'build/share-load'), join(share, 'share-load'));
    return await use({
      share,
      up: async () => {
        const flags = { share, memory: shape.memoryMiB, cpus: shape.cpus };
        const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
        await instance.up(240, ...words);
        return docker;
      },
      down: async () => {
        const { status, stderr } = await instance.run('down');
        if (status !== 0) throw new Error(stderr);
      },
      ours: (command) => docker.ok(['run', '--rm', '-v', `${share}:/mnt`, probe, ...command]),
      raw: (command, cpu = processors.asItComes) =>
        inRawGuest(image, join(programs, 'build/raw-init'), share, command, { ...shape, cpu }, asUsers),
    });
  } finally {
    await instance.run('down');
    await execa('umount', ['-l', share]);
    await rm(dir, { recursive: true, force: true });
  }
}
