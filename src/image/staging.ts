import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { codeOf } from '../common/cause.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

const prefix = '.tmp-';

/**
 * A directory below `parent` that is removed when disposed of, unless it was renamed to its final place before. Directories of builds
 * that were killed are removed on the way.
 */
export async function temporaryDirectory(
  parent: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent);
  const path = join(parent, temporaryName());
  await mkdir(path);
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

/** A name that says whose it is: once this process has ended, whoever comes next removes what bears it. */
export function temporaryName(): string {
  return `${prefix}${process.pid}-${randomBytes(4).toString('hex')}`;
}

/**
 * Removes a tree. Refuses while something is mounted below it: mmdebstrap mounts parts of the machine there, and if it was
 * killed, removing the tree would remove those.
 */
export async function removeTree(path: string): Promise<void> {
  const target = resolve(path);
  const mounts = mountPoints(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
  const inside = mounts.find((mount) => mount === target || mount.startsWith(`${target}/`));
  if (inside !== undefined) {
    throw new BulkheadError('BH_IMAGE_STEP_FAILED', {
      step: 'cleaning up',
      reason: `${inside} is still mounted`,
    });
  }
  await rm(target, { recursive: true, force: true });
}

/** Fifth field of each line of mountinfo (proc(5)), with its octal escapes undone. */
export function mountPoints(mountinfo: string): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((path) => path !== undefined)
    .map((path) =>
      path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 8)),
      ),
    );
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (!Number.isNaN(owner) && !isRunning(owner)) await removeTree(join(parent, name));
  }
}

/** Whether a process has this pid now. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
