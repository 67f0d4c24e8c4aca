import { access, constants, mkdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { freeBytes } from '../common/free-bytes.js';
import { type HostTool, hostTools, toolPath } from './host-tools.js';

const megabyte = 1024 * 1024;

/** Unpacked packages 480 MB, their archives 150 MB, a tree and an image 500 MB, and some air. */
export const neededBytes = 1600 * megabyte;

/** What the machine must have; replaced in tests. */
export interface Machine {
  readonly uid: number;
  readonly searchPath: string;
  readonly tools: readonly HostTool[];
  readonly availableBytes: (dir: string) => Promise<number>;
}

export const thisMachine: Machine = {
  uid: process.getuid?.() ?? -1,
  searchPath: toolPath,
  tools: hostTools,
  availableBytes: freeBytes,
};

/** Fails before any work is done. Throws `BH_IMAGE_NEEDS_ROOT`, `BH_IMAGE_TOOL_MISSING` or `BH_IMAGE_NO_SPACE`. */
export async function checkMachine(cacheDir: string, machine: Machine): Promise<void> {
  if (machine.uid !== 0) throw new BulkheadError('BH_IMAGE_NEEDS_ROOT');
  for (const item of machine.tools) await checkTool(item, machine.searchPath);
  await mkdir(cacheDir, { recursive: true });
  const available = await machine.availableBytes(cacheDir);
  if (available < neededBytes) {
    throw new BulkheadError('BH_IMAGE_NO_SPACE', {
      directory: cacheDir,
      available: Math.floor(available / megabyte),
      needed: Math.ceil(neededBytes / megabyte),
    });
  }
}

async function checkTool({ tool, package: name }: HostTool, searchPath: string): Promise<void> {
  const candidates = isAbsolute(tool)
    ? [access(tool, constants.R_OK)]
    : searchPath.split(delimiter).map((dir) => access(join(dir, tool), constants.X_OK));
  try {
    await Promise.any(candidates);
  } catch (cause) {
    throw new BulkheadError('BH_IMAGE_TOOL_MISSING', { tool, package: name }, { cause });
  }
}
