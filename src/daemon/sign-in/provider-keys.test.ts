import { expect, test } from 'vitest';
import { createProviderKeys } from './provider-keys.js';
import { createIssuer, issuer, requirementWith } from './sign-in.test-support.js';

const { jwk } = await createIssuer();
const discovery = `${issuer}/.well-known/openid-configuration`;
const keysUrl = 'https://keys.example.org/jwks';
const sound = { [discovery]: { issuer, jwks_uri: keysUrl, other: 1 }, [keysUrl]: { keys: [jwk] } };

/** A network on which these documents are, and what was asked of it. */
function network(documents: Record<string, unknown>) {
  const state = { documents, asked: [] as string[], now: 0 };
  const fetchDocument = (url: string): Promise<unknown> => {
    state.asked.push(url);
    const document = state.documents[url];
    return document === undefined
      ? Promise.reject(new Error('connect ECONNREFUSED'))
      : Promise.resolve(document);
  };
  return { state, keys: createProviderKeys(requirementWith(), { fetchDocument, now: () => state.now }) };
}

test('are those the provider publishes, asked for anew each time', async () => {
  const { state, keys } = network(sound);
  expect(await keys()).toEqual({ keys: [jwk] });
  state.documents = { ...sound, [keysUrl]: { keys: [] } };
  expect(await keys()).toEqual({ keys: [] });
  expect(state.asked).toEqual([discovery, keysUrl, discovery, keysUrl]);
});

test('are those it gave last while it cannot be reached, for a day', async () => {
  const { state, keys } = network(sound);
  await keys();
  state.documents = {};
  state.now += 86_399_999;
  expect(await keys()).toEqual({ keys: [jwk] });
  state.now += 1;
  await expect(keys()).rejects.toMatchObject({
    code: 'BH_SIGN_IN_KEYS',
    params: { reason: 'connect ECONNREFUSED' },
  });
});

test.each<[string, Record<string, unknown>]>([
  ['nothing', {}],
  ['the document of another issuer', { ...sound, [discovery]: { issuer: `${issuer}/x`, jwks_uri: keysUrl } }],
  ['keys without TLS', { ...sound, [discovery]: { issuer, jwks_uri: 'http://keys.example.org/jwks' } }],
  ['no place of keys', { ...sound, [discovery]: { issuer } }],
  ['no keys', { ...sound, [keysUrl]: { error: 'x' } }],
  ['a list', { ...sound, [keysUrl]: [jwk] }],
])('cannot be had where there is %s', async (_, documents) => {
  await expect(network(documents).keys()).rejects.toMatchObject({ code: 'BH_SIGN_IN_KEYS' });
});

test('that are at another host are said to be, where that is not reached', async () => {
  const reasonOf = async (uri: string): Promise<unknown> => {
    const { keys } = network({ [discovery]: { issuer, jwks_uri: uri } });
    return keys().catch((error: unknown) => error);
  };
  expect(await reasonOf(keysUrl)).toMatchObject({
    params: { reason: 'they are at another host, keys.example.org: connect ECONNREFUSED' },
  });
  expect(await reasonOf(`${issuer}/jwks`)).toMatchObject({ params: { reason: 'connect ECONNREFUSED' } });
});

test('that are pinned are never asked for', async () => {
  const fetchDocument = () => Promise.reject(new Error('asked'));
  const requirement = { ...requirementWith(), jwks: { keys: [jwk] } };
  const keys = createProviderKeys(requirement, { fetchDocument, now: () => 0 });
  expect(await keys()).toEqual({ keys: [jwk] });
});
