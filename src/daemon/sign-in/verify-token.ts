import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Member } from './membership-store.js';
import type { ProviderKeys } from './provider-keys.js';
import type { SignInRequirement } from './requirement.js';

export interface TokenCheck {
  readonly requirement: SignInRequirement;
  readonly keys: ProviderKeys;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether this engine gave the nonce out, and nobody has used it yet; it is used up. */
  readonly useNonce: (nonce: string) => boolean;
}

/** Signatures with a key pair alone: with HS256 the provider's public key would be the secret, and `none` is no signature. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const clockToleranceSeconds = 60;
/** Seconds since the provider made the token: it comes straight from there, so an older one was kept by somebody. */
const longestWaySeconds = 600;

/**
 * Whom an identity token is about, where that is a member (OpenID Connect Core 1.0 section 3.1.3.7). The host that hands it over is not trusted.
 * What jose says of a token is not passed on: its errors hold the claims.
 *
 * @throws BH_SIGN_IN_TOKEN, BH_SIGN_IN_NOT_MEMBER, BH_SIGN_IN_KEYS
 */
export async function verifyToken(token: string, check: TokenCheck): Promise<Member> {
  const { requirement, now, useNonce } = check;
  const refuse = (reason: string): never => {
    throw new BulkheadError('BH_SIGN_IN_TOKEN', {
      issuer: requirement.issuer,
      contact: requirement.contact,
      reason,
    });
  };
  const payload = await verifiedPayload(token, check, refuse);
  const { sub = '', aud, azp, nonce } = payload;
  if (sub === '') refuse('it does not say whom it is about');
  if ((Array.isArray(aud) && aud.length > 1) || azp !== undefined)
    if (azp !== requirement.clientId) refuse('it was issued to another client');
  if (nonce === undefined ? requirement.requireNonce : typeof nonce !== 'string' || !useNonce(nonce))
    refuse('it does not bear the nonce this engine gave out for it');
  return { subject: sub, organizations: membershipOf(sub, payload, requirement), since: now };
}

async function verifiedPayload(
  token: string,
  { requirement: { issuer, clientId }, keys, now }: TokenCheck,
  refuse: (reason: string) => never,
): Promise<JWTPayload> {
  // Loaded when it is needed: where nobody signs in, its memory is not spent.
  const { createLocalJWKSet, jwtVerify } = await import('jose');
  const options: JWTVerifyOptions = {
    algorithms,
    issuer,
    audience: clientId,
    clockTolerance: clockToleranceSeconds,
    maxTokenAge: longestWaySeconds,
    currentDate: new Date(now),
    requiredClaims: ['sub', 'exp', 'iat'],
  };
  const keySet = createLocalJWKSet(await keys());
  const verified = await jwtVerify(token, keySet, options).catch((error: unknown) => refuse(reasonOf(error)));
  const { typ } = verified.protectedHeader;
  if (typ !== undefined && typ.toLowerCase() !== 'jwt') return refuse(notOne);
  return verified.payload;
}

const notOne = 'it is not an identity token';

const reasons: ReadonlyMap<unknown, string> = new Map([
  ['ERR_JOSE_ALG_NOT_ALLOWED', 'it is not signed in a way that is accepted'],
  ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', "its signature is not the provider's"],
  ['ERR_JWKS_NO_MATCHING_KEY', 'the provider has no such key as it is signed with'],
  ['ERR_JWKS_MULTIPLE_MATCHING_KEYS', "it does not say which of the provider's keys it is signed with"],
  ['ERR_JWT_EXPIRED', 'it has expired, or was not issued just now'],
]);

const claimReasons: ReadonlyMap<unknown, string> = new Map([
  ['iss', 'it is of another issuer'],
  ['aud', 'it is for another client'],
  ['sub', 'it does not say whom it is about'],
  ['exp', 'it does not say until when it is valid'],
  ['iat', 'it was issued in the future, or does not say when'],
  ['nbf', 'it is not valid yet'],
]);

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return notOne;
  const code: unknown = Reflect.get(error, 'code');
  const claim: unknown = Reflect.get(error, 'claim');
  const reason = code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' ? claimReasons.get(claim) : reasons.get(code);
  return reason ?? notOne;
}

function membershipOf(
  subject: string,
  payload: JWTPayload,
  { organizations, organizationsClaim: claim, contact }: SignInRequirement,
): string[] {
  const value = payload[claim];
  const list: readonly unknown[] = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
  const found = list.filter((name) => typeof name === 'string');
  const counted = organizations.filter((name) => found.includes(name));
  if (counted.length > 0) return counted;
  throw new BulkheadError('BH_SIGN_IN_NOT_MEMBER', {
    organizations: organizations.join(' or '),
    subject,
    claim,
    contact,
    found: found.length === 0 ? 'none' : shortened(found),
  });
}

/** A person may be in hundreds of groups. */
function shortened(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => name.slice(0, 80));
  return shown.length < names.length
    ? `${shown.join(', ')} and ${names.length - shown.length} more`
    : shown.join(', ');
}
