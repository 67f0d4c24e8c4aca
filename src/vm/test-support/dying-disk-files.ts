import { open, stat } from 'node:fs/promises';
import type { DiskFiles } from '../disk/disk-files.js';

/** The steps that change something, in the words of `DiskFiles`. */
export type DiskStep = 'writeRecord' | 'link' | 'copy' | 'rename' | 'remove' | 'syncName';

export interface Death {
  /** Counted from 1. */
  readonly atStep: number;
  /** Whether that step was done when it came; `midway`: half of a copy was. */
  readonly when: 'before' | 'midway' | 'after';
}

/**
 * The real thing, until a process would be dead: from then on every call fails.
 *
 * @param linking false where the new place is to look like another file system. @param onDeath called once; another way to die is to not return from it.
 */
export function dyingDiskFiles(
  files: DiskFiles,
  death: Death | undefined,
  {
    linking = true,
    onDeath = (): void => undefined,
  }: { readonly linking?: boolean; readonly onDeath?: () => void } = {},
): { readonly files: DiskFiles; readonly steps: readonly DiskStep[] } {
  const steps: DiskStep[] = [];
  let dead = false;
  const die = (): never => {
    if (!dead) onDeath();
    dead = true;
    throw new Error('the process is dead');
  };
  const step = async <T>(name: DiskStep, act: () => Promise<T>, half = act): Promise<T> => {
    if (dead) die();
    steps.push(name);
    if (steps.length !== death?.atStep) return await act();
    if (death.when === 'midway') await half();
    if (death.when === 'after') await act();
    return die();
  };
  return {
    steps,
    files: {
      readRecord: () => (dead ? die() : files.readRecord()),
      exists: async (file) => (dead ? die() : files.exists(file)),
      writeRecord: (record) => step('writeRecord', () => files.writeRecord(record)),
      link: (from, to) => step('link', async () => linking && (await files.link(from, to))),
      copy: (from, to, onBytes, signal) =>
        step(
          'copy',
          () => files.copy(from, to, onBytes, signal),
          () => copyHalf(from, to),
        ),
      rename: (from, to) => step('rename', () => files.rename(from, to)),
      remove: (file) => step('remove', () => files.remove(file)),
      syncName: (file) => step('syncName', () => files.syncName(file)),
    },
  };
}

async function copyHalf(from: string, to: string): Promise<void> {
  await using source = await open(from, 'r');
  await using copy = await open(to, 'wx', 0o600);
  const half = Math.floor((await stat(from)).size / 2);
  const { buffer } = await source.read(Buffer.alloc(half), 0, half, 0);
  await copy.write(buffer);
}
