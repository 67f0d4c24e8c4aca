import { CompactSign, type CompactJWSHeaderParameters, exportJWK, generateKeyPair } from 'jose';
import type { Settings } from '../../policy/index.js';
import { type SignInRequirement, signInRequirement } from './requirement.js';

type SignInSettings = NonNullable<NonNullable<Settings['bulkhead']>['signIn']>;

export const issuer = 'https://id.example.org';
export const clientId = 'bulkhead';
/** When the tests take place; milliseconds since 1970. */
export const present = Date.parse('2026-11-21T12:00:00Z');

export function settingsWith(signIn: Partial<SignInSettings> = {}, contact?: string): Settings {
  const least = { issuer, clientId, scopes: [], allowedOrgs: ['acme'], organizationsClaim: 'groups' };
  return {
    configurationFileVersion: 2,
    bulkhead: {
      signIn: { ...least, offlineDays: 7, requireNonce: false, ...signIn },
      ...(contact === undefined ? {} : { contact }),
    },
  };
}

export function requirementWith(signIn: Partial<SignInSettings> = {}): SignInRequirement {
  const requirement = signInRequirement(settingsWith(signIn), undefined);
  if (requirement === undefined) throw new Error('nothing is asked for');
  return requirement;
}

/** One that is undefined is left out. */
export type Claims = Readonly<Record<string, unknown>>;

/** A provider's key, and tokens signed with it. */
export async function createIssuer(algorithm = 'RS256', kid = 'one') {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  const sign = (claims: Claims = {}, header: Partial<CompactJWSHeaderParameters> = {}): Promise<string> => {
    const whole = {
      iss: issuer,
      aud: clientId,
      sub: 'ada',
      groups: ['acme'],
      iat: present / 1000,
      exp: present / 1000 + 3600,
      ...claims,
    };
    return new CompactSign(Buffer.from(JSON.stringify(whole)))
      .setProtectedHeader({ alg: algorithm, kid, ...header })
      .sign(privateKey);
  };
  return { jwk, publicKey, sign };
}
