import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import {
  heard,
  listen,
  plainPeer,
  testedTraffic,
  type TestedTraffic,
  tlsPeer,
} from './traffic.test-support.js';

const sha = (text: string | Buffer): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const listed = { registryAccess: { rules: [{ host: 'ghcr.io', push: true }] } };

/** What reaches a registry that answers everything, and what its client is told. */
async function world(): Promise<TestedTraffic & { readonly reached: string[] }> {
  const reached: string[] = [];
  const any: RequestListener = (request, response) => {
    reached.push(`${request.method} ${request.url}`);
    request.resume();
    response.end('{}');
  };
  const peers = { 'ghcr.io': await tlsPeer('ghcr.io', any), 'quay.io': await tlsPeer('quay.io', any) };
  return { ...(await testedTraffic({ bulkhead: listed, peers })), reached };
}

const blob = `/v2/a/b/blobs/${sha('')}`;
const line = (first: string, fields: readonly string[] = ['Host: ghcr.io'], body = ''): string =>
  `${[first, ...fields, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`;

const requests: readonly (readonly [what: string, text: string])[] = [
  ['another host in its target', line('GET https://quay.io/v2/ HTTP/1.1')],
  ['its own host in its target, by another scheme', line('GET http://ghcr.io/v2/ HTTP/1.1')],
  ['another Host than its SNI', line('GET /v2/ HTTP/1.1', ['Host: quay.io'])],
  ['another port than its connection', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io:5000'])],
  ['two Hosts', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io', 'Host: quay.io'])],
  ['no Host', line('GET /v2/ HTTP/1.1', [])],
  ['an encoded slash', line('GET /v2/a%2Fb/manifests/v1 HTTP/1.1')],
  ['dots', line('GET /v2/a/../b/manifests/v1 HTTP/1.1')],
  ['encoded dots', line('GET /v2/a/%2e%2e/b/manifests/v1 HTTP/1.1')],
  ['doubled slashes', line('GET //v2/a/manifests/v1 HTTP/1.1')],
  ['doubled slashes within', line('GET /v2//a/manifests/v1 HTTP/1.1')],
  ['the API in another spelling', line('GET /%762/a/manifests/v1 HTTP/1.1')],
  [
    'two lengths',
    line(
      'PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1',
      ['Host: ghcr.io', 'Content-Length: 1', 'Content-Length: 2'],
      'ab',
    ),
  ],
  [
    'a length and chunks',
    line(
      'PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1',
      ['Host: ghcr.io', 'Content-Length: 1', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ),
  ],
  [
    'chunks twice',
    line(
      'PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1',
      ['Host: ghcr.io', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ),
  ],
  [
    'another coding',
    line(
      'PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1',
      ['Host: ghcr.io', 'Transfer-Encoding: gzip, chunked'],
      '0\r\n\r\n',
    ),
  ],
  ['a name with an underscore', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io', 'Transfer_Encoding: chunked'])],
  ['a body where there is none', line(`GET ${blob} HTTP/1.1`, ['Host: ghcr.io', 'Content-Length: 1'], 'x')],
  ['another protocol', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io', 'Upgrade: websocket'])],
  ['a tunnel', line('CONNECT quay.io:443 HTTP/1.1')],
  [
    'another method by a header',
    line(`GET ${blob} HTTP/1.1`, ['Host: ghcr.io', 'X-HTTP-Method-Override: DELETE']),
  ],
  ['another path by a header', line(`GET ${blob} HTTP/1.1`, ['Host: ghcr.io', 'X-Original-URL: /v2/c'])],
  ['another host by a header', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io', 'X-Forwarded-Host: quay.io'])],
  [
    'an authorization that the next reader is to take out',
    `GET /v2/ HTTP/1.1\r\nHost: ghcr.io\r\nConnection: authorization\r\n\r\n`,
  ],
  ['an expectation nobody knows', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io', 'Expect: 200-ok'])],
  ['HTTP/1.0', line('GET /v2/ HTTP/1.0')],
  [
    'a mount by a form',
    line(
      'POST /v2/a/b/blobs/uploads/ HTTP/1.1',
      ['Host: ghcr.io', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 10'],
      'mount=x&f=',
    ),
  ],
  [
    'a mount by a form of parts',
    line(
      'POST /v2/a/b/blobs/uploads/ HTTP/1.1',
      ['Host: ghcr.io', 'Content-Type: multipart/form-data; boundary=x', 'Content-Length: 1'],
      'x',
    ),
  ],
  [
    'a form of scopes that is longer than any',
    line(
      'POST /token HTTP/1.1',
      ['Host: ghcr.io', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 70000'],
      `scope=${'x'.repeat(69_994)}`,
    ),
  ],
  ['lines that end otherwise', 'GET /v2/ HTTP/1.1\nHost: ghcr.io\n\n'],
  ['a folded line', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io', 'X-A: b', ' Transfer-Encoding: chunked'])],
  ['a blank before a colon', line('GET /v2/ HTTP/1.1', ['Host: ghcr.io', 'Transfer-Encoding : chunked'])],
];

test.each(requests)('a request with %s does not reach the registry', async (_what, text) => {
  const { say, reached } = await world();
  const answer = await say(text, 'ghcr.io', /\}\n$/);
  expect(reached).toEqual([]);
  expect(answer).toMatch(/^(?:HTTP\/1.1 (?:400|403) |$)/);
  // The same without what is wrong with it reaches it.
  expect(await say(line(`GET ${blob} HTTP/1.1`), 'ghcr.io')).toContain('200 OK');
  expect(reached).toEqual([`GET ${blob}`]);
});

test('a request in the body of another one is its body', async () => {
  const { say, reached } = await world();
  const inner = line('GET /v2/ HTTP/1.1', ['Host: quay.io']);
  const fields = ['Host: ghcr.io', `Content-Length: ${inner.length}`];
  await say(line('PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1', fields, inner), 'ghcr.io');
  expect(reached).toEqual(['PATCH /v2/a/b/blobs/uploads/1']);
});

test('without SNI a registry is its address, and with another Host it is none', async () => {
  const any: RequestListener = (_request, response) => response.end('{}');
  const peers = { '192.0.2.7': await tlsPeer('192.0.2.7', any) };
  const addressed = { registryAccess: { rules: [{ host: '192.0.2.7' }] } };
  const { connect, dialled, govern } = await testedTraffic({ bulkhead: addressed, peers });
  const ask = async (host: string): Promise<string> => {
    const socket = await connect(undefined);
    socket.write(line('GET /v2/ HTTP/1.1', [`Host: ${host}`]));
    return heard(socket, /\}/);
  };
  expect(await ask('192.0.2.7')).toContain('200 OK');
  expect(dialled).toEqual(['192.0.2.7:443']);
  expect(await ask('ghcr.io')).toContain('its Host is not where its connection leads');
  govern(listed);
  expect(await ask('192.0.2.7')).toContain('Access to 192.0.2.7 has been restricted');
  expect(dialled).toEqual(['192.0.2.7:443']);
});

test('a client that speaks HTTP/2 alone, one whose SNI is no name, and one that only begins do not get through the greeting', async () => {
  const { traffic, reached } = await world();
  const to = { address: '192.0.2.7', port: 443 };
  const port = await listen(createServer((socket) => traffic.serve(socket, to)));
  const greet = async (options: object): Promise<string> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    const greeted = once(socket, 'secureConnect').then(() => String(socket.alpnProtocol));
    return greeted.catch(() => 'refused').finally(() => void socket.destroy());
  };
  expect(await greet({ servername: 'ghcr.io', ALPNProtocols: ['h2'] })).toBe('refused');
  expect(await greet({ servername: 'gh cr' })).toBe('refused');
  expect(await greet({ servername: '10.0.0.05' })).toBe('refused');
  expect(await greet({ servername: 'ghcr.io', ALPNProtocols: ['h2', 'http/1.1'] })).toBe('http/1.1');
  for (const bytes of ['\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00', '\x16\x03', '\x80']) {
    const begun = connect(port, '127.0.0.1');
    begun.end(Buffer.from(bytes, 'latin1'));
    expect(await heard(begun)).toBe('');
  }
  expect(reached).toEqual([]);
});

test('by plain HTTP the Host is the registry, at the port that was connected to', async () => {
  const any: RequestListener = (_request, response) => response.end('{}');
  const peers = { 'plain.test': await plainPeer(any) };
  const rules = { registryAccess: { rules: [{ host: 'plain.test', port: 5000 }] } };
  const { connect, dialled } = await testedTraffic({ bulkhead: rules, peers });
  const ask = async (host: string, port: number): Promise<string> => {
    const socket = await connect(undefined, { protocol: 'http', to: { address: '192.0.2.7', port } });
    socket.write(line('GET /v2/ HTTP/1.1', [`Host: ${host}`]));
    return heard(socket, /\}/);
  };
  expect(await ask('plain.test:5000', 5000)).toContain('200 OK');
  expect(await ask('plain.test', 5000)).toContain('its Host is not where its connection leads');
  expect(await ask('plain.test:5000', 443)).toContain('its Host is not where its connection leads');
  expect(await ask('plain.test', 80)).toContain('Access to plain.test:80 has been restricted');
  expect(await ask('192.0.2.8:5000', 5000)).toContain('its Host is not where its connection leads');
  expect(dialled).toEqual(['plain.test:5000']);
});

test('an upload that is refused is told so, and is not taken without end', async () => {
  const { connect, reached } = await world();
  const socket = await connect('ghcr.io');
  socket.on('error', () => undefined);
  const fields = ['Host: ghcr.io', 'Transfer-Encoding: chunked', 'Upgrade: x'];
  socket.write(`PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
  expect(await heard(socket, /\}\n/)).toContain('it asks for another protocol');
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(1 << 20, 'x'), Buffer.from('\r\n')]);
  const ended = new Promise((resolve) => socket.once('close', resolve));
  let written = 0;
  while (!socket.destroyed && written < 200) {
    written += 1;
    await new Promise((resolve) => socket.write(chunk, resolve));
  }
  await ended;
  expect(written).toBeLessThan(200);
  expect(reached).toEqual([]);
});
