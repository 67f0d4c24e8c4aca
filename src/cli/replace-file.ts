import { rename, rm, writeFile } from 'node:fs/promises';
import { messageOf } from '../common/cause.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/**
 * Writes a file whole or not at all: one cut off by a full disk must not take the place of a good one.
 *
 * @throws the error named, with `file` and `reason`.
 */
export async function replaceFile(
  path: string,
  text: string,
  failure: 'BH_POLICY_NOT_WRITTEN' | 'BH_SETTINGS_NOT_WRITTEN',
): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    await writeFile(temporary, text, { flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new BulkheadError(failure, { file: path, reason: messageOf(cause) }, { cause });
  }
}
