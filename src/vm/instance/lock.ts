import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { codeOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

export interface InstanceLock extends AsyncDisposable {
  /** True when a process that died had left the lock behind. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/**
 * Takes the lock of an instance, so that two controllers never use one data disk. (QEMU locks the disk as well; this one comes
 * earlier and can say who has it.) The file appears by link(2), whole or not at all, and names its owner.
 *
 * A lock whose owner no longer runs is replaced, by one rival alone: whoever holds the lock of the succession to that very owner.
 * Removing and linking anew would leave a moment in which two rivals each take their own.
 *
 * Throws `BH_INSTANCE_LOCKED`.
 */
export async function lockInstance(file: string, name: string): Promise<InstanceLock> {
  const self = await identify(process.pid);
  if (self === undefined) throw new Error('this process does not find itself');
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    const wasStale = await take(file, draft, name);
    const release = (): Promise<void> => releaseLock(file, self);
    return { wasStale, release, [Symbol.asyncDispose]: release };
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Whether a stale lock was replaced. Throws when the lock, or the succession to it, is in living hands. */
async function take(file: string, draft: string, name: string): Promise<boolean> {
  if (await tryLink(draft, file)) return false;
  const content = await readFile(file, 'utf8').catch(() => '');
  const owner = parseOwner(content);
  if (owner !== undefined && (await isRunning(owner))) throw lockedBy(name, owner.pid);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 16);
  await using _succession = await lockInstance(`${file}.${digest}`, name);
  const now = await readFile(file, 'utf8').catch(() => '');
  if (now !== content) throw lockedBy(name, parseOwner(now)?.pid ?? 'that changes');
  const copy = `${draft}.new`;
  await link(draft, copy);
  await rename(copy, file);
  return true;
}

function lockedBy(name: string, pid: number | string): BulkheadError {
  return new BulkheadError('BH_INSTANCE_LOCKED', { name, pid });
}

/** Who holds, or held, the lock; undefined when nobody does or the file makes no sense. */
export async function lockOwner(file: string): Promise<ProcessIdentity | undefined> {
  return parseOwner(await readFile(file, 'utf8').catch(() => ''));
}

/** By hand: what answers at once, such as `bulkhead status`, begins here and does not load a library of schemas for two fields. */
function parseOwner(content: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value))
      return undefined;
    const { pid, started } = value;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
    return typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

async function tryLink(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function releaseLock(file: string, self: ProcessIdentity): Promise<void> {
  const owner = await lockOwner(file);
  if (owner?.pid === self.pid && owner.started === self.started) await unlink(file).catch(() => undefined);
}
