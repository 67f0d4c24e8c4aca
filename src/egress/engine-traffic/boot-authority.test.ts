import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { type HostName, parseAddress, parseHost } from '../../common/authority.js';
import { BootAuthority, makeAuthority } from './boot-authority.js';

function host(text: string): HostName {
  const name = parseAddress(text) ?? parseHost(text);
  if (name === undefined) throw new Error(`${text} is no host`);
  return name;
}

/** What a client that trusts `ca` alone makes of the server; undefined where nothing is wrong. */
async function spoken(authority: BootAuthority, name: string, asked: string, ca: string): Promise<string> {
  const server = createServer({ SNICallback: (_, done) => done(null, authority.contextFor(host(name))) });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const options = {
    port,
    host: '127.0.0.1',
    ca,
    servername: 'any.test',
    checkServerIdentity: () => undefined,
  };
  const socket = connect(options);
  try {
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate();
    const named = /^[\d.]+$|:/.test(asked) ? certificate?.checkIP(asked) : certificate?.checkHost(asked);
    return named === undefined ? 'another name' : 'known';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  } finally {
    socket.destroy();
  }
}

test('a client that trusts the authority knows each server by its own name or address alone', async () => {
  const keys = makeAuthority();
  const authority = new BootAuthority(keys);
  for (const name of [
    'ghcr.io',
    'a_b.example.com',
    `${'x'.repeat(63)}.`.repeat(3) + 'test',
    '10.0.0.5',
    '2001:db8::7',
    '::1',
  ]) {
    expect(await spoken(authority, name, name, keys.certificate)).toBe('known');
    expect(await spoken(authority, name, 'other.example', keys.certificate)).toBe('another name');
  }
});

test('nobody else trusts it: each start has another', async () => {
  const [one, other] = [makeAuthority(), makeAuthority()];
  expect(await spoken(new BootAuthority(one), 'ghcr.io', 'ghcr.io', other.certificate)).toBe(
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  );
  // One that is started again speaks for the same.
  expect(await spoken(new BootAuthority(one), 'ghcr.io', 'ghcr.io', one.certificate)).toBe('known');
});

test('the certificate of a server signs nothing, and that of the authority no further authority', () => {
  const authority = new X509Certificate(makeAuthority().certificate);
  expect([authority.ca, authority.subject, authority.checkIssued(authority)]).toEqual([
    true,
    'CN=Bulkhead engine traffic of one boot',
    true,
  ]);
  expect(authority.verify(authority.publicKey)).toBe(true);
});

test('a name is spoken for by one certificate until half of its days are over; of a thousand names the oldest is made anew', () => {
  let now = Date.now();
  const authority = new BootAuthority(makeAuthority(), () => now);
  const first = authority.contextFor(host('ghcr.io'));
  now += 14 * 24 * 3600 * 1000;
  expect(authority.contextFor(host('ghcr.io'))).toBe(first);
  now += 2 * 24 * 3600 * 1000;
  const second = authority.contextFor(host('ghcr.io'));
  expect(second).not.toBe(first);
  for (let at = 0; at < 1000; at += 1) authority.contextFor(host(`n${at}.test`));
  expect(authority.contextFor(host('ghcr.io'))).not.toBe(second);
});
