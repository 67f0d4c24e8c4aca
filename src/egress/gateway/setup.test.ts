import { expect, test } from 'vitest';
import { largestPolicy } from '../../policy/index.js';
import { longestGatewayLine, readSetup, readWord } from './setup.js';

const policy = JSON.stringify({ configurationFileVersion: 2, bulkhead: { imageAccess: {} } });
const setup = (more: object): ReturnType<typeof readSetup> =>
  readSetup(JSON.stringify({ kind: 'setup', policy, ...more }));

test('who is a verified publisher stands in the list, until it is out of date; without one nobody is', () => {
  const list = (expires: string): string =>
    JSON.stringify({ publishersVersion: 1, serial: 1, expires, namespaces: ['grafana'] });
  const { namespaces, missing } = setup({ publishers: list('2999-01-01T00:00:00Z') }).publishers;
  expect([[...namespaces], missing]).toEqual([['grafana'], undefined]);
  const old = setup({ publishers: list('2020-01-01T00:00:00Z') }).publishers;
  expect([[...old.namespaces], old.missing]).toEqual([[], expect.stringContaining('out of date')]);
  const none = setup({}).publishers;
  expect([[...none.namespaces], none.missing]).toEqual([[], expect.stringContaining('there is no list')]);
});

test('the proxies of the engine are understood as settings have them', () => {
  const { engineProxy } = setup({
    engineProxy: { https: 'http://proxy.test:3128', exclude: 'a.test,b.test' },
  });
  expect(engineProxy).toMatchObject({ https: { host: 'proxy.test', port: 3128 } });
  expect(engineProxy.exclude).toHaveLength(2);
  expect(setup({}).engineProxy).toEqual({ exclude: [] });
});

test('the loopback of the host is closed unless its starter says otherwise', () => {
  expect(setup({}).hostLoopback).toBe('closed');
  expect(setup({ hostLoopback: 'open' }).hostLoopback).toBe('open');
});

test('names have all their addresses unless its starter says otherwise', () => {
  expect(setup({}).namesWithout).toBeUndefined();
  expect(setup({ namesWithout: 'ipv6' }).namesWithout).toBe('ipv6');
});

test.each([
  [{ namesWithout: 'auto' }, /namesWithout/],
  [{ hostLoopback: true }, /hostLoopback/],
  [{ publishers: '{}' }, /publishersVersion/],
  [{ policy: '{' }, /the policy/],
  [{ certificates: 7 }, /certificates/],
  [{ other: true }, /other/],
])('what is not understood ends it: %j', (more, message) => {
  expect(() => setup(more)).toThrow(message);
});

test.each([
  { kind: 'sign-in' },
  { kind: 'nobody', signedIn: true },
  { kind: 'builds', addresses: [], user: {} },
])(
  'nobody tells it who is signed in, so its rules hold for whoever is, and for whoever is not: %j',
  (word) => {
    expect(readWord('{"kind":"nobody"}')).toEqual({ kind: 'nobody' });
    expect(() => readWord(JSON.stringify(word))).toThrow(/invalid|unrecognized/i);
  },
);

test('the longest policy and the longest list fit into the line', () => {
  // Of bytes that are two units each, in both.
  const longest = '"'.repeat(largestPolicy);
  expect(JSON.stringify({ policy: longest, publishers: longest }).length).toBeLessThan(longestGatewayLine);
});
