import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Settings } from '../../policy/index.js';

/** Whose members may use the engine, and how they show that they are. */
export interface SignInRequirement {
  readonly issuer: string;
  readonly clientId: string;
  /** With `openid`. */
  readonly scopes: readonly string[];
  /** A member of any of them may; nobody may where there is none. */
  readonly organizations: readonly string[];
  readonly organizationsClaim: string;
  /** Keys of the provider as the policy has them pinned; otherwise the provider is asked. */
  readonly jwks: { readonly keys: readonly object[] } | undefined;
  readonly issuerCertificates: string | undefined;
  readonly holdsMs: number;
  readonly requireNonce: boolean;
  readonly contact: string;
  /** The file that asks for it, as Docker names it in its refusal. */
  readonly via: string;
}

const dayMs = 86_400_000;

/**
 * What a policy asks of whoever uses the engine; undefined when nothing.
 *
 * @param registryOrgs of the host's `registry.json`. The host belongs to the developer, so its file can only ask for more: of the policy's
 *   organizations those count that it names as well, and if none is left nobody may use the engine.
 * @throws BH_SIGN_IN_NO_ISSUER when only that file asks for members: without a provider nobody could show that he is one.
 */
export function signInRequirement(
  { bulkhead: { signIn, contact = 'your administrator' } = {} }: Settings,
  registryOrgs?: readonly string[],
): SignInRequirement | undefined {
  const file = 'registry.json';
  if (signIn === undefined) {
    if (registryOrgs === undefined) return undefined;
    const organizations = registryOrgs.join(', ');
    throw new BulkheadError('BH_SIGN_IN_NO_ISSUER', { file, organizations, contact });
  }
  const organizations = signIn.allowedOrgs.filter((name) => registryOrgs?.includes(name) ?? true);
  return {
    issuer: signIn.issuer,
    clientId: signIn.clientId,
    scopes: [...new Set(['openid', ...signIn.scopes])],
    organizations: [...new Set(organizations)].sort(),
    organizationsClaim: signIn.organizationsClaim,
    jwks: signIn.jwks,
    issuerCertificates: signIn.issuerCertificates,
    holdsMs: signIn.offlineDays * dayMs,
    requireNonce: signIn.requireNonce,
    contact,
    via: registryOrgs === undefined ? 'admin-settings.json' : file,
  };
}
