import { isBulkheadError } from '../common/errors/bulkhead-error.js';
import {
  contactOf,
  allowedDirectories,
  directoriesSharedByDefault,
  type Settings,
  type UserSettings,
} from '../policy/index.js';
import {
  type AllowedDirectories,
  homeOf,
  invokingUser,
  openShares,
  parseShare,
  type ShareRequest,
} from '../vm/sharing/index.js';
import type { CliContext } from './context.js';

export interface SharesInUse {
  readonly shares: readonly ShareRequest[];
  readonly allowedShares: AllowedDirectories | undefined;
  /** What the policy would have shared and can't be. */
  readonly notes: readonly string[];
}

/**
 * What is shared: what is named on the command line, else by the user's settings, else what the policy shares by default. The policy is the bound of
 * all three, whoever names a directory; a default of its own that can't be shared here is left out, by name.
 */
export async function sharesInUse(
  given: readonly ShareRequest[],
  policy: Settings | undefined,
  user: UserSettings,
  { env }: Pick<CliContext, 'env'>,
): Promise<SharesInUse> {
  const entries = policy?.filesharingAllowedDirectories;
  const own = given.length > 0 ? given : user.bulkhead?.shares?.map(parseShare);
  if (entries === undefined) return { shares: own ?? [], allowedShares: undefined, notes: [] };
  const named = { home: homeOf(invokingUser(env, process.getuid?.() ?? 0)), temporary: '/tmp' };
  const allowedShares = { directories: allowedDirectories(entries, named), contact: contactOf(policy) };
  if (own !== undefined) return { shares: own, allowedShares, notes: [] };
  const shares: ShareRequest[] = [];
  const notes: string[] = [];
  for (const path of directoriesSharedByDefault(entries, named)) {
    try {
      const opened = await openShares([...shares, { path, readOnly: false }], [], allowedShares);
      await Promise.all([...new Set(opened.map(({ handle }) => handle))].map((handle) => handle.close()));
      shares.push({ path, readOnly: false });
    } catch (error) {
      if (!isBulkheadError(error)) throw error;
      notes.push(`Not shared, although filesharingAllowedDirectories shares it by default: ${error.message}`);
    }
  }
  return { shares, allowedShares, notes };
}
