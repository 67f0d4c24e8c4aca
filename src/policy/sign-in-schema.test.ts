import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { readSettings } from './read-settings.js';

const jwkOf = (key: { export(options: { format: 'jwk' }): object }) => key.export({ format: 'jwk' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwks = { keys: [{ ...jwkOf(rsa.publicKey), kid: 'a', alg: 'RS256', use: 'sig' }] };
const least = { issuer: 'https://id.example.org/realms/acme', clientId: 'bulkhead', allowedOrgs: ['acme'] };

function read(signIn: object) {
  const text = JSON.stringify({ configurationFileVersion: 2, bulkhead: { signIn } });
  return readSettings(Buffer.from(text), 'p.json');
}

test('the least there can be, and what it means', () => {
  expect(read(least).settings?.bulkhead?.signIn).toEqual({
    ...least,
    scopes: [],
    organizationsClaim: 'groups',
    offlineDays: 7,
    requireNonce: false,
  });
});

test.each<[string, object]>([
  ['pinned keys', { jwks }],
  [
    'elliptic keys',
    {
      jwks: {
        keys: ['P-256', 'P-521'].map((namedCurve) =>
          jwkOf(generateKeyPairSync('ec', { namedCurve }).publicKey),
        ),
      },
    },
  ],
  ['Ed25519', { jwks: { keys: [jwkOf(generateKeyPairSync('ed25519').publicKey)] } }],
  ['a provider on this machine, its keys pinned', { issuer: 'http://127.0.0.1:8080', jwks }],
  ['names as LDAP and people have them', { allowedOrgs: ['cn=dev,ou=groups', 'Platform Team', 'é'] }],
])('%s are taken', (_, more) => {
  expect(read({ ...least, ...more }).problems).toBeUndefined();
});

test.each<[string, object, string]>([
  ['another host without TLS', { issuer: 'http://id.example.org', jwks }, 'bulkhead.signIn.issuer'],
  ['this machine without pinned keys', { issuer: 'http://localhost:8080' }, 'bulkhead.signIn.issuer'],
  ['an address with a query', { issuer: 'https://id.example.org/?tenant=acme' }, 'bulkhead.signIn.issuer'],
  ['an address with a password', { issuer: 'https://user:pw@id.example.org' }, 'bulkhead.signIn.issuer'],
  ['no organization', { allowedOrgs: [] }, 'bulkhead.signIn.allowedOrgs'],
  ['a list in a string', { allowedOrgs: 'acme' }, 'bulkhead.signIn.allowedOrgs'],
  ['organizations in one name', { allowedOrgs: ['acme;other'] }, 'bulkhead.signIn.allowedOrgs[0]'],
  ['a name with a space before it', { allowedOrgs: ['acme', ' other'] }, 'bulkhead.signIn.allowedOrgs[1]'],
  ['a key that is not there', { allowedOrg: ['acme'] }, 'bulkhead.signIn.allowedOrg'],
  ['a private key', { jwks: { keys: [jwkOf(rsa.privateKey)] } }, 'bulkhead.signIn.jwks.keys[0].d'],
  ['a secret', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, 'bulkhead.signIn.jwks.keys[0].kty'],
  [
    'a key that is too short',
    { jwks: { keys: [jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)] } },
    'bulkhead.signIn.jwks.keys[0]',
  ],
  ['half a key', { jwks: { keys: [{ kty: 'RSA', e: 'AQAB' }] } }, 'bulkhead.signIn.jwks.keys[0]'],
  [
    'a curve that is not for signatures',
    { jwks: { keys: [jwkOf(generateKeyPairSync('x25519').publicKey)] } },
    'bulkhead.signIn.jwks.keys[0]',
  ],
  ['no keys', { jwks: { keys: [] } }, 'bulkhead.signIn.jwks.keys'],
  ['for ever', { offlineDays: 31 }, 'bulkhead.signIn.offlineDays'],
  ['never', { offlineDays: 0 }, 'bulkhead.signIn.offlineDays'],
])('%s is refused, with the key', (_, more, key) => {
  const { problems } = read({ ...least, ...more });
  expect(problems?.map(({ params }) => params['key'])).toContain(key);
});
