import { createPublicKey } from 'node:crypto';
import { z } from 'zod';

/** Members of RFC 7517 and RFC 7518 for public keys; a private or symmetric one has no place in a policy, so `d` and `k` are unknown here. */
const publicKey = z
  .strictObject({
    kty: z.enum(['RSA', 'EC', 'OKP']),
    kid: z.string().min(1).max(255).optional(),
    alg: z.string().optional(),
    use: z.literal('sig').optional(),
    key_ops: z.array(z.literal('verify')).optional(),
    n: z.string().optional(),
    e: z.string().optional(),
    crv: z.string().optional(),
    x: z.string().optional(),
    y: z.string().optional(),
    x5c: z.array(z.string()).optional(),
    x5t: z.string().optional(),
    'x5t#S256': z.string().optional(),
  })
  .refine(
    (jwk) => isUsable(jwk),
    'not a public key: RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519',
  );

const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

function isUsable(jwk: { readonly kty: string }): boolean {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
    if (key.asymmetricKeyType === 'rsa') return modulusLength >= 2048;
    return key.asymmetricKeyType === 'ed25519' || curves.has(namedCurve);
  } catch {
    return false;
  }
}

/** Compared exactly, so a name nobody can be in is told to whoever writes it. Commas are part of the names LDAP gives. */
export const organizationNames = z
  .array(
    z
      .string()
      .max(255)
      .regex(/^[^\s;\p{Cc}](?:[^;\p{Cc}]*[^\s;\p{Cc}])?$/u, 'not the name of one organization'),
  )
  .min(1)
  .max(1000);

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** RFC 3986 with what OpenID Connect Discovery section 3 demands: https, neither query nor fragment. @returns undefined where it is none. */
function issuerScheme(text: string): 'https' | 'loopback' | undefined {
  if (!URL.canParse(text) || /[?#@\\\s]/.test(text)) return undefined;
  const { protocol, hostname } = new URL(text);
  if (protocol === 'https:') return 'https';
  return protocol === 'http:' && loopback.has(hostname) ? 'loopback' : undefined;
}

/** `bulkhead.signIn`: who may use the engine. */
export const signInSchema = z
  .strictObject({
    /** Of the organization's own OpenID Connect provider, exactly as its tokens name it. */
    issuer: z
      .string()
      .max(2000)
      .refine(
        (text) => issuerScheme(text) !== undefined,
        'not the https address of an OpenID Connect provider',
      ),
    clientId: z.string().min(1).max(255),
    /** Asked for beside `openid`. */
    scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'not a scope')).default([]),
    /** A member of any of them may use the engine. Exact: neither case nor prefix is overlooked. */
    allowedOrgs: organizationNames,
    /** The claim of the identity token that lists the organizations of whom it is about. */
    organizationsClaim: z.string().min(1).max(255).default('groups'),
    /** Pinned keys of the provider (a JWK set): tokens are then verified without asking anybody. */
    jwks: z.strictObject({ keys: z.array(publicKey).min(1).max(64) }).optional(),
    /** Authorities (PEM) the provider's certificate is verified against in place of those of the image. */
    issuerCertificates: z.string().includes('-----BEGIN CERTIFICATE-----').max(200_000).optional(),
    /** Days a membership holds from when it was shown, whether or not the provider can be reached. */
    offlineDays: z.int().min(1).max(30).default(7),
    /** Refuse tokens without the nonce that this engine gave out for them: an old token is then of no use, whatever the clock says. */
    requireNonce: z.boolean().default(false),
  })
  .refine(({ issuer, jwks }) => issuerScheme(issuer) !== 'loopback' || jwks !== undefined, {
    path: ['issuer'],
    // Threat: inside the VM a container may listen on the loopback address a port was published at, and would be the provider.
    message: 'an http address on the loopback takes pinned keys (jwks)',
  });

export type SignInSettings = z.infer<typeof signInSchema>;
