import { type BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import {
  allowedDirectories,
  contactOf,
  directoriesSharedByDefault,
  type Settings,
  type UserSettings,
} from '../../policy/index.js';
import { type AllowedDirectories, homeOf } from './allowed-places.js';
import { closeShares, openShares, type SharedBy } from './open-shares.js';
import type { ProtectedDirectory } from './protected-places.js';
import { parseShare, type ShareRequest } from './share-request.js';
import { invokingUser } from './ssh-agent.js';

export interface SharesInUse {
  readonly shares: readonly ShareRequest[];
  readonly allowedShares: AllowedDirectories | undefined;
  /** What the policy would have shared and can't be. */
  readonly notes: readonly string[];
}

/** What the machine decides of it. */
export interface ShareFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What may not be shared; of a default that would be refused for it a person hears in a note. */
  readonly beside?: readonly ProtectedDirectory[];
  readonly by?: SharedBy;
}

/**
 * What is shared: what is named on the command line, else by the user's settings, else what the policy shares by default. The policy is the bound of
 * all three, whoever names a directory; a default of its own that can't be shared here is left out, by name.
 */
export async function sharesInUse(
  given: readonly ShareRequest[],
  policy: Settings | undefined,
  user: UserSettings,
  { env, beside = [], by = 'mount' }: ShareFacts,
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
      const opened = await openShares([...shares, { path, readOnly: false }], beside, allowedShares, by);
      await closeShares(opened);
      shares.push({ path, readOnly: false });
    } catch (error) {
      if (!isBulkheadError(error)) throw error;
      notes.push(notSharedByDefault(error));
    }
  }
  return { shares, allowedShares, notes };
}

/** What a person hears of it. */
export function notSharedByDefault({ message }: BulkheadError): string {
  return `Not shared, although filesharingAllowedDirectories shares it by default: ${message}`;
}
