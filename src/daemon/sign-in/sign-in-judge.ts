import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { OperationId } from '../../gate/operations.js';
import type { SignIn } from './sign-in.js';

/** What Docker Desktop answers before anybody is signed in: clients look at these to find out whether there is an engine. */
const forEverybody: ReadonlySet<OperationId> = new Set([
  'SystemPing',
  'SystemPingHead',
  'SystemVersion',
  'SystemInfo',
]);

/**
 * Lets members of the organization alone use the engine, through whichever socket. Judges each request when it comes: what is under way when
 * somebody signs out goes on.
 */
export function createSignInJudge(
  signIn: SignIn | undefined,
): (asked: { readonly operation: { readonly id: OperationId } }) => undefined {
  return ({ operation }) => {
    if (signIn === undefined || forEverybody.has(operation.id)) return undefined;
    if (signIn.member !== undefined) return undefined;
    const { organizations, via, contact } = signIn.requirement;
    const names = organizations.length === 0 ? 'none' : organizations.join(', ');
    throw new BulkheadError('BH_SIGN_IN_REQUIRED', { organizations: names, via, contact });
  };
}
