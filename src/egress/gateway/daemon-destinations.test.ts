import { expect, test } from 'vitest';
import { ownPorts } from '../../common/own-ports.js';
import type { FirstBytes } from '../first-bytes/index.js';
import { settingsOf } from '../test-support/settings.js';
import { type Ends, isDaemons } from './daemon-destinations.js';

const tls = (serverName?: string): FirstBytes => ({
  kind: 'tls',
  alpn: [],
  encrypted: false,
  ...(serverName === undefined ? {} : { serverName }),
});
const http = (host: string): FirstBytes => ({
  kind: 'http',
  method: 'POST',
  form: 'origin',
  authority: { host },
});
const own = ownPorts.last;
const to = (port: number, address = '192.0.2.1', from: number = own): Ends => ({
  from: { address: '203.0.113.254', port: from },
  to: { address, port },
});
const of = (endpoint: string): ReturnType<typeof isDaemons> =>
  isDaemons(settingsOf({ bulkhead: { audit: { openTelemetry: { endpoint } } } }));

test('where the audit log is sent, with TLS and without, is bulkheadd’s own', () => {
  expect(of('https://Collector.example:4318/v1/logs')(tls('collector.example'), to(4318))).toBe(true);
  expect(of('https://collector.example/v1/logs')(tls('collector.example'), to(443))).toBe(true);
  expect(of('http://collector.example/v1/logs')(http('collector.example'), to(80))).toBe(true);
});

test('so is the provider of sign-in', () => {
  const signIn = { issuer: 'https://id.example/realm', clientId: 'docker', allowedOrgs: ['acme'] };
  const isOwn = isDaemons(settingsOf({ bulkhead: { signIn } }));
  expect([isOwn(tls('id.example'), to(443)), isOwn(tls('id.example'), to(444))]).toEqual([true, false]);
});

test('a collector without a name is its address', () => {
  const isOwn = of('https://192.0.2.7:4318/v1/logs');
  expect([isOwn(tls(), to(4318, '192.0.2.7')), isOwn(tls(), to(4318))]).toEqual([true, false]);
});

test('dockerd asks there as anywhere, for what may be a registry at the same host and port', () => {
  const isOwn = of('https://collector.example:4318/v1/logs');
  const from = (port: number): boolean => isOwn(tls('collector.example'), to(4318, '192.0.2.1', port));
  expect([ownPorts.first, ownPorts.last, ownPorts.first - 1, ownPorts.last + 1, 40_000].map(from)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('nothing else is: another port, name, protocol or form, no name, one that is hidden', () => {
  const isOwn = of('https://collector.example:4318/v1/logs');
  expect(isOwn(tls('collector.example'), to(443))).toBe(false);
  expect(isOwn(tls('a.collector.example'), to(4318))).toBe(false);
  expect(isOwn(tls(), to(4318))).toBe(false);
  expect(isOwn(http('collector.example'), to(4318))).toBe(false);
  expect(isOwn({ kind: 'tls', alpn: [], encrypted: true, serverName: 'collector.example' }, to(4318))).toBe(
    false,
  );
  const asked = { kind: 'http', method: 'GET', form: 'absolute', authority: { host: 'c.example' } } as const;
  expect(of('http://c.example/v1/logs')(asked, to(80))).toBe(false);
  expect(isDaemons(settingsOf({}))(tls('collector.example'), to(4318))).toBe(false);
});
