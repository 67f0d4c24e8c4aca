import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import {
  type DiskFacts,
  inspectInstance,
  type InstancePaths,
  instancePaths,
  isOpenAsDisk,
  lockInstance,
  readDiskFacts,
  settleDisk,
  systemDiskFiles,
} from '../../../vm/index.js';
import type { CliContext } from '../../context.js';

export interface HeldDisk {
  readonly paths: InstancePaths;
  readonly file: string;
  readonly facts: NonNullable<DiskFacts['disk']>;
}

/**
 * Does something with the disk of an instance that does not run, with its lock held, after what an earlier try has left was taken up.
 *
 * @param action what cannot be done while it runs: "moved". @throws BH_DISK_IN_USE, BH_INSTANCE_LOCKED, BH_DISK_NONE, BH_DISK_AWAY, BH_DISK_RECORD
 */
export async function withDisk<T>(
  { reporter }: CliContext,
  name: string,
  action: string,
  act: (disk: HeldDisk) => Promise<T>,
): Promise<T> {
  const paths = instancePaths(name);
  if ((await inspectInstance(paths)).kind === 'running')
    throw new BulkheadError('BH_DISK_IN_USE', { name, action });
  // First, so that a mistyped name leaves no directory behind.
  const { file: recorded, disk: found } = await readDiskFacts(paths);
  if (found === null && recorded === paths.dataDisk)
    throw new BulkheadError('BH_DISK_NONE', { name, dataDisk: recorded });
  await using _lock = await lockInstance(paths.lock, name);
  const { file, note } = await settleDisk(systemDiskFiles(paths.diskRecord), paths.dataDisk);
  if (note !== undefined) reporter.warn(note);
  const { disk } = await readDiskFacts(paths);
  if (disk === null) throw new BulkheadError('BH_DISK_NONE', { name, dataDisk: file });
  if (await isOpenAsDisk(file)) throw new BulkheadError('BH_DISK_IN_USE', { name, action });
  return await act({ paths, file, facts: disk });
}
