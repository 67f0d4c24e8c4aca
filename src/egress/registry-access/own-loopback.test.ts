import { expect, test } from 'vitest';
import { registryAccessSchema } from '../../policy/registry-access-schema.js';
import { loopbackRules } from './own-loopback.js';

const of = (...rules: readonly object[]): string[] =>
  loopbackRules(registryAccessSchema.parse({ rules })).map(
    ({ address, port, open }) => `${address} ${port} ${open ? 'open' : 'closed'}`,
  );

test('nothing of the loopback is open where no rule names it', () => {
  expect(of()).toEqual([]);
  expect(of({ host: 'docker.io' }, { host: 'registry.example', port: '*' }, { host: '10.0.0.5' })).toEqual(
    [],
  );
  // A name that is like it, and is somebody else's.
  expect(of({ host: 'localhost.example' }, { host: 'alocalhost' })).toEqual([]);
});

test('its name opens it for both families, an address itself alone', () => {
  expect(of({ host: 'localhost', port: 5000 })).toEqual(['127.0.0.1 5000 open', '::1 5000 open']);
  expect(of({ host: '*.localhost', port: 80 })).toEqual(['127.0.0.1 80 open', '::1 80 open']);
  expect(of({ host: '127.0.0.2', port: 5000 })).toEqual(['127.0.0.2 5000 open']);
  expect(of({ host: '[::1]' })).toEqual(['::1 443 open']);
});

test('where a registry sends its clients is open as well', () => {
  const alsoHosts = [{ host: '127.0.0.1', port: 9000 }];
  expect(of({ host: 'registry.example', alsoHosts })).toEqual(['127.0.0.1 9000 open']);
});

test('what a rule closes is closed, though another opens every port', () => {
  const closed = { host: '127.0.0.1', port: 5000, pull: false };
  expect(of(closed)).toEqual(['127.0.0.1 5000 closed']);
  expect(of({ host: '127.0.0.1', port: '*' }, closed)).toEqual(['127.0.0.1 5000 closed', '127.0.0.1 * open']);
  // One of its names is enough, as it is to whoever pulls by that.
  expect(of({ host: 'localhost', port: '*' }, closed)).toEqual([
    '127.0.0.1 5000 open',
    '127.0.0.1 * open',
    '::1 * open',
  ]);
});
