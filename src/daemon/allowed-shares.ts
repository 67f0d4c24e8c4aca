import { statSync } from 'node:fs';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { contactOf, mayBeShared, type Settings } from '../policy/index.js';
import type { SharedDirectory } from './shared-list.js';

/**
 * Holds what the host has shared against the policy once more. A directory that is there by two names, its own and that of a link, is the same one,
 * and one of them is enough.
 *
 * @param identityOf device and inode of a directory in the engine's root.
 * @throws BH_SHARE_NOT_ALLOWED. Nothing may be served then.
 */
export function checkSharesAllowed(
  shared: readonly SharedDirectory[],
  settings: Settings,
  identityOf = (path: string): string => {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  },
): void {
  const allowed = settings.filesharingAllowedDirectories;
  if (allowed === undefined) return;
  const fine = new Set(
    shared.filter(({ path }) => mayBeShared(path, allowed)).map(({ path }) => identityOf(path)),
  );
  const other = shared.find(({ path }) => !fine.has(identityOf(path)));
  if (other !== undefined)
    throw new BulkheadError('BH_SHARE_NOT_ALLOWED', {
      path: other.path,
      directories: allowed.map(({ path }) => path).join(', ') || 'none',
      contact: contactOf(settings),
    });
}
