import { allowedOrganizations, contactOf, type Registry, type Settings } from '../../policy/index.js';

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
 * What a policy asks of whoever uses the engine, and the host's registry.json with it; undefined when nothing.
 *
 * @throws BH_SIGN_IN_NO_ISSUER
 */
export function signInRequirement(
  settings: Settings,
  registry: Registry | undefined,
): SignInRequirement | undefined {
  const organizations = allowedOrganizations(settings, registry);
  const signIn = settings.bulkhead?.signIn;
  if (signIn === undefined || organizations === undefined) return undefined;
  return {
    issuer: signIn.issuer,
    clientId: signIn.clientId,
    scopes: [...new Set(['openid', ...signIn.scopes])],
    organizations,
    organizationsClaim: signIn.organizationsClaim,
    jwks: signIn.jwks,
    issuerCertificates: signIn.issuerCertificates,
    holdsMs: signIn.offlineDays * dayMs,
    requireNonce: signIn.requireNonce,
    contact: contactOf(settings),
    via: registry === undefined ? 'admin-settings.json' : 'registry.json',
  };
}
