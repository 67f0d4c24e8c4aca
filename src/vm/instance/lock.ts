import { randomUUID } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

const ownerSchema = z.strictObject({ pid: z.int().positive(), started: z.string() });

export interface InstanceLock extends AsyncDisposable {
  /** True when a process that died had left the lock behind. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/**
 * Takes the lock of an instance, so that two controllers never use one data disk. (QEMU locks the disk as well; this one comes
 * earlier and can say who has it.) The file appears by link(2), whole or not at all, and names its owner; a lock whose owner no
 * longer runs is moved aside and taken over.
 *
 * Throws `BH_INSTANCE_LOCKED`.
 */
export async function lockInstance(file: string, name: string): Promise<InstanceLock> {
  const self = await identify(process.pid);
  if (self === undefined) throw new Error('this process does not find itself');
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(self), { mode: 0o600 });
  let wasStale = false;
  try {
    // Each round either takes the lock, finds a live owner, or removes one stale lock: several rounds mean several rivals.
    for (let round = 0; round < 10; round += 1) {
      if (await tryLink(draft, file)) {
        const release = (): Promise<void> => releaseLock(file, self);
        return { wasStale, release, [Symbol.asyncDispose]: release };
      }
      const owner = await lockOwner(file);
      if (owner !== undefined && (await isRunning(owner))) {
        throw new BulkheadError('BH_INSTANCE_LOCKED', { name, pid: owner.pid });
      }
      wasStale = (await removeStale(file, owner)) || wasStale;
    }
    throw new BulkheadError('BH_INSTANCE_LOCKED', { name, pid: 'that changes' });
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Who holds, or held, the lock; undefined when nobody does or the file makes no sense. */
export async function lockOwner(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function tryLink(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves the lock aside and looks again: a rival may have replaced the stale one by its own in between. */
async function removeStale(file: string, judged: ProcessIdentity | undefined): Promise<boolean> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return false;
  }
  const moved = await lockOwner(aside);
  const isJudged = moved?.pid === judged?.pid && moved?.started === judged?.started;
  if (!isJudged) await link(aside, file).catch(() => undefined);
  await unlink(aside);
  return isJudged;
}

async function releaseLock(file: string, self: ProcessIdentity): Promise<void> {
  const owner = await lockOwner(file);
  if (owner?.pid === self.pid && owner.started === self.started) await unlink(file).catch(() => undefined);
}
