import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Exec } from '../../common/exec.js';
import { lastWords } from './exit.js';

/** A QEMU that can run the VM. */
export interface Qemu {
  readonly binary: string;
  readonly version: string;
}

/**
 * Before this version TCG emulated cmpxchg16b wrongly (fixed in the 8.x series; 7.2 double-faults every kernel >= 6.12
 * before its first line of output, which looks like a hang).
 */
export const minimumVersion = [8, 2] as const;

const binaryName = 'qemu-system-x86_64';
const versionDeadlineMs = 10_000;

/**
 * The QEMU to use: the one `BULKHEAD_QEMU` names, else the first on PATH.
 *
 * Throws `BH_QEMU_MISSING`, `BH_QEMU_TOO_OLD` or `BH_QEMU_UNUSABLE`.
 */
export async function findQemu(
  exec: Exec,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Qemu> {
  const binary = await findBinary(env);
  const version = await readVersion(exec, binary, signal);
  if (!isNewEnough(version)) {
    throw new BulkheadError('BH_QEMU_TOO_OLD', { binary, version, minimum: minimumVersion.join('.') });
  }
  return { binary, version };
}

async function findBinary(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const named = env['BULKHEAD_QEMU'];
  if (named !== undefined && named !== '') {
    // The controller's current directory is not that of the command which started it.
    if (!isAbsolute(named))
      throw new BulkheadError('BH_QEMU_MISSING', { binary: `${named} is not an absolute path` });
    if (await isExecutable(named)) return named;
    throw new BulkheadError('BH_QEMU_MISSING', { binary: named });
  }
  // A relative entry of PATH would make the program depend on the current directory.
  for (const directory of (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const candidate = join(directory, binaryName);
    if (await isExecutable(candidate)) return candidate;
  }
  throw new BulkheadError('BH_QEMU_MISSING', { binary: `no ${binaryName} on PATH` });
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function readVersion(exec: Exec, binary: string, signal?: AbortSignal): Promise<string> {
  const result = await exec
    .run(binary, ['--version'], { timeoutMs: versionDeadlineMs, ...(signal === undefined ? {} : { signal }) })
    .catch((cause: unknown) => {
      signal?.throwIfAborted();
      const reason = `\`--version\` did not end by itself within ${versionDeadlineMs / 1000} s`;
      throw new BulkheadError('BH_QEMU_UNUSABLE', { binary, reason }, { cause });
    });
  const version = /QEMU emulator version (\d+\.\d+\.\d+)/.exec(result.stdout)?.[1];
  if (result.exitCode === 0 && version !== undefined) return version;
  throw new BulkheadError('BH_QEMU_UNUSABLE', {
    binary,
    reason: `\`--version\` ended with status ${result.exitCode}: ${lastWords(result.stderr || result.stdout)}`,
  });
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > minimumVersion[0] || (major === minimumVersion[0] && minor >= minimumVersion[1]);
}
