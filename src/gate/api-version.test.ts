import { expect, test } from 'vitest';
import { checkApiVersion, isBeyond } from './api-version.js';

test.each([
  '/_ping',
  '/version',
  '/v1.51/info',
  '/v1.24/info',
  '/v0.9/info',
  '/volumes',
  '/v1.99',
  '/vx/info',
])('%s passes', (path) => {
  expect(() => {
    checkApiVersion(path);
  }).not.toThrow();
});

test.each(['1.52', '1.99', '2.0', '10.1', `1.${'9'.repeat(400)}`])(
  '%s is refused as dockerd does it',
  (version) => {
    expect(() => {
      checkApiVersion(`/v${version}/info`);
    }).toThrow(`client version ${version} is too new. Maximum supported API version is 1.51`);
  },
);

test.each(['1', '1.', '.51', '1..51', '1.051', '01.51', '1.51.0', '...', '1.51.'])(
  '%s is not a version as clients write it',
  (version) => {
    expect(() => {
      checkApiVersion(`/v${version}/info`);
    }).toThrow('rule request-form');
  },
);

test('versions are compared as numbers', () => {
  expect(isBeyond('1.51')).toBe(false);
  expect(isBeyond('1.6')).toBe(false);
  expect(isBeyond('1.100')).toBe(true);
  expect(isBeyond('0.99')).toBe(false);
  expect(isBeyond('x')).toBeUndefined();
});
