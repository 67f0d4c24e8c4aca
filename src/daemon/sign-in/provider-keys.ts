import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { FetchDocument } from './https-document.js';
import type { SignInRequirement } from './requirement.js';

/** Gives the public keys of the provider. Rejects with BH_SIGN_IN_KEYS. */
export type ProviderKeys = () => Promise<JSONWebKeySet>;

/** A provider that cannot be reached may have withdrawn a key since: longer than this its last word does not count. */
const keptMs = 86_400_000;

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string().regex(/^https:\/\//) });
const keysSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/**
 * The keys the policy pins, or else those the provider publishes (OpenID Connect Discovery 1.0), asked for at each sign-in: that is seldom, and
 * so a withdrawn key is withdrawn at once. While the provider cannot be reached, the keys it gave last are taken, for at most a day.
 *
 * @param now milliseconds on a clock that never goes back.
 */
export function createProviderKeys(
  { issuer, jwks, issuerCertificates, contact }: SignInRequirement,
  { fetchDocument, now }: { readonly fetchDocument: FetchDocument; readonly now: () => number },
): ProviderKeys {
  if (jwks !== undefined) {
    const pinned = keysSchema.parse(jwks);
    return () => Promise.resolve(pinned);
  }
  let last: { readonly keys: JSONWebKeySet; readonly at: number } | undefined;
  /** Where a policy has the engine's requests read, nothing goes past that but to the issuer's own host, which the policy names. */
  const fetchKeys = async (uri: string): Promise<unknown> => {
    const { host } = new URL(uri);
    return fetchDocument(uri, issuerCertificates).catch((error: unknown) => {
      if (host === new URL(issuer).host) throw error;
      throw new Error(`they are at another host, ${host}: ${messageOf(error)}`, { cause: error });
    });
  };
  const ask = async (): Promise<JSONWebKeySet> => {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const found = discoverySchema.safeParse(await fetchDocument(url, issuerCertificates));
    // Section 4.3: another issuer's document must not be taken for this one's.
    if (!found.success || found.data.issuer !== issuer)
      throw new Error(`${url} is not the document of this issuer`);
    const { jwks_uri: uri } = found.data;
    const keys = keysSchema.safeParse(await fetchKeys(uri));
    if (!keys.success) throw new Error(`${uri} is not a set of keys`);
    return keys.data;
  };
  return async () => {
    try {
      const keys = await ask();
      last = { keys, at: now() };
      return keys;
    } catch (error) {
      if (last !== undefined && now() - last.at < keptMs) return last.keys;
      throw new BulkheadError('BH_SIGN_IN_KEYS', { issuer, contact, reason: messageOf(error) });
    }
  };
}
