import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { SignInRequirement } from './requirement.js';
import {
  type Claims,
  clientId,
  createIssuer,
  issuer,
  present,
  requirementWith,
} from './sign-in.test-support.js';
import { verifyToken } from './verify-token.js';

let provider: Awaited<ReturnType<typeof createIssuer>>;
let stranger: Awaited<ReturnType<typeof createIssuer>>;
beforeAll(async () => {
  [provider, stranger] = await Promise.all([createIssuer(), createIssuer()]);
});

function verify(token: string, requirement: SignInRequirement = requirementWith(), nonces: string[] = []) {
  return verifyToken(token, {
    requirement,
    keys: () => Promise.resolve({ keys: [provider.jwk] }),
    now: present,
    useNonce: (nonce) => nonces.includes(nonce),
  });
}

/** The sentence of a refusal. */
async function reasonFor(token: string): Promise<unknown> {
  const error: unknown = await verify(token).catch((error: unknown) => error);
  if (!isBulkheadError(error)) throw new Error('it was taken, or broke something', { cause: error });
  expect(error.code).toBe('BH_SIGN_IN_TOKEN');
  // What a log would have of it must not have the token, nor what it says.
  expect(JSON.stringify(Object.entries(error))).not.toContain('acme');
  expect(error).not.toHaveProperty('cause');
  return error.params['reason'];
}

describe('a member', () => {
  test('is told by subject and by the organizations that count', async () => {
    const token = await provider.sign({ groups: ['others', 'acme', 'acme-ops'] });
    const requirement = requirementWith({ allowedOrgs: ['acme-ops', 'acme', 'absent'] });
    expect(await verify(token, requirement)).toEqual({
      subject: 'ada',
      organizations: ['acme', 'acme-ops'],
      since: present,
    });
  });

  test.each<[string, Claims]>([
    ['the one organization as a string', { groups: 'acme' }],
    ['several recipients, authorized for this client', { aud: [clientId, 'other'], azp: clientId }],
    ['a clock a little behind', { iat: present / 1000 + 30 }],
    ['expired a moment ago', { exp: present / 1000 - 30 }],
  ])('%s', async (_, claims) => {
    expect(await verify(await provider.sign(claims))).toMatchObject({ subject: 'ada' });
  });

  test('by another claim, whose name may be an address', async () => {
    const claim = 'https://example.org/orgs';
    const token = await provider.sign({ groups: [], [claim]: ['acme'] });
    const requirement = requirementWith({ organizationsClaim: claim });
    expect(await verify(token, requirement)).toMatchObject({ organizations: ['acme'] });
  });

  test.each(['PS256', 'ES256', 'ES512', 'EdDSA'])('signed with %s', async (algorithm) => {
    const other = await createIssuer(algorithm, 'two');
    const check = { requirement: requirementWith(), now: present, useNonce: () => false };
    const keys = () => Promise.resolve({ keys: [provider.jwk, other.jwk] });
    expect(await verifyToken(await other.sign(), { ...check, keys })).toMatchObject({ subject: 'ada' });
  });
});

describe('a token is refused', () => {
  test.each<[string, Claims, string]>([
    ['expired', { exp: present / 1000 - 61 }, 'it has expired, or was not issued just now'],
    ['kept for an hour', { iat: present / 1000 - 3600 }, 'it has expired, or was not issued just now'],
    ['of the future', { iat: present / 1000 + 61 }, 'it was issued in the future, or does not say when'],
    ['not valid yet', { nbf: present / 1000 + 61 }, 'it is not valid yet'],
    ['without an end', { exp: undefined }, 'it does not say until when it is valid'],
    ['without a beginning', { iat: undefined }, 'it was issued in the future, or does not say when'],
    ['for another client', { aud: 'other' }, 'it is for another client'],
    ['for nobody', { aud: undefined }, 'it is for another client'],
    ['for a client that begins alike', { aud: `${clientId}-2` }, 'it is for another client'],
    [
      'for several, without who is authorized',
      { aud: [clientId, 'other'] },
      'it was issued to another client',
    ],
    ['issued to another client', { azp: 'other' }, 'it was issued to another client'],
    ['of another issuer', { iss: 'https://evil.example.org' }, 'it is of another issuer'],
    ['of an issuer with a slash more', { iss: `${issuer}/` }, 'it is of another issuer'],
    ['about nobody', { sub: undefined }, 'it does not say whom it is about'],
    ['about an empty name', { sub: '' }, 'it does not say whom it is about'],
    [
      'with a nonce nobody gave out',
      { nonce: 'x' },
      'it does not bear the nonce this engine gave out for it',
    ],
  ])('%s', async (_, claims, reason) => {
    expect(await reasonFor(await provider.sign(claims))).toBe(reason);
  });

  test('without a signature', async () => {
    const claims = { iss: issuer, aud: clientId, sub: 'ada', groups: ['acme'] };
    const token = new UnsecuredJWT(claims)
      .setIssuedAt(present / 1000)
      .setExpirationTime(present / 1000 + 60)
      .encode();
    expect(await reasonFor(token)).toBe('it is not signed in a way that is accepted');
  });

  test("with the provider's public key as a secret", async () => {
    const secret = Buffer.from(await exportSPKI(provider.publicKey));
    const claims = { iss: issuer, aud: clientId, sub: 'ada', groups: ['acme'] };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setIssuedAt(present / 1000)
      .setExpirationTime(present / 1000 + 60)
      .sign(secret);
    expect(await reasonFor(token)).toBe('it is not signed in a way that is accepted');
  });

  test('with a key of somebody else', async () => {
    expect(await reasonFor(await stranger.sign())).toBe("its signature is not the provider's");
    expect(await reasonFor(await stranger.sign({}, { kid: 'two' }))).toBe(
      'the provider has no such key as it is signed with',
    );
    // A key in the token itself convinces nobody.
    expect(await reasonFor(await stranger.sign({}, { jwk: stranger.jwk }))).toBe(
      "its signature is not the provider's",
    );
  });

  test('altered by one letter', async () => {
    const [head = '', body = '', signature = ''] = (await provider.sign({ groups: ['other'] })).split('.');
    const other = Buffer.from(Buffer.from(body, 'base64url').toString().replace('other', 'acme')).toString(
      'base64url',
    );
    expect(await reasonFor([head, other, signature].join('.'))).toBe("its signature is not the provider's");
  });

  test.each(['', 'x', 'a.b', 'a.b.c', 'a.b.c.d.e', '..', '{}'])('that is none: %j', async (token) => {
    expect(await reasonFor(token)).toBe('it is not an identity token');
  });

  test.each(['at+jwt', 'logout+jwt'])('of another kind: %s', async (typ) => {
    expect(await reasonFor(await provider.sign({}, { typ }))).toBe('it is not an identity token');
  });
});

test.each<[string, Claims, string]>([
  ['another case', { groups: ['Acme', 'ACME'] }, 'Acme, ACME'],
  [
    'what begins or ends alike',
    { groups: ['acm', 'acme-guests', 'my-acme', ' acme'] },
    'acm, acme-guests, my-acme,  acme',
  ],
  ['a list in a string', { groups: 'acme,other' }, 'acme,other'],
  ['a list in a list', { groups: [['acme']] }, 'none'],
  ['an object', { groups: { acme: {} } }, 'none'],
  ['no claim', { groups: undefined, organizations: ['acme'] }, 'none'],
  [
    'hundreds of others',
    { groups: Array.from({ length: 300 }, (_, n) => `g${n}`) },
    'g0, g1, g2, g3, g4, g5, g6, g7, g8, g9 and 290 more',
  ],
])('not a member: %s', async (_, claims, found) => {
  const error: unknown = await verify(await provider.sign(claims)).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'BH_SIGN_IN_NOT_MEMBER', params: { subject: 'ada', found } });
  expect(String(error)).toContain(
    'You must be a member of the acme organization. Log in with a different account, or contact your organization owner to add your account.',
  );
});

test('nobody is a member where no organization is left', async () => {
  const requirement = { ...requirementWith(), organizations: [] };
  await expect(verify(await provider.sign(), requirement)).rejects.toMatchObject({
    code: 'BH_SIGN_IN_NOT_MEMBER',
  });
});

describe('where the policy demands the nonce', () => {
  const demanding = requirementWith({ requireNonce: true });

  test('a token with it is taken', async () => {
    expect(await verify(await provider.sign({ nonce: 'n' }), demanding, ['n'])).toMatchObject({
      subject: 'ada',
    });
  });

  test.each([{}, { nonce: 'other' }, { nonce: '' }, { nonce: 7 }])('one with %j is not', async (claims) => {
    await expect(verify(await provider.sign(claims), demanding, ['n'])).rejects.toThrow(
      'it does not bear the nonce',
    );
  });
});
