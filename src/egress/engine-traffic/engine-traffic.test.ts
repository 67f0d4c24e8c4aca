import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { heard, plainPeer, testedTraffic, tlsPeer } from './traffic.test-support.js';

const sha = (text: string | Buffer): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const layer = Buffer.alloc(3_000_000, 'layer');
const diffId = sha('unpacked');
const config = JSON.stringify({ architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [diffId] } });
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { digest: sha(config), size: config.length },
  layers: [{ digest: sha(layer), size: layer.length }],
});

/** Serves one image as acme/tool:v1, and answers every other path with its line. */
const registry: RequestListener = ({ method, url = '', headers }, response) => {
  const isManifest = /\/manifests\/(?:v1|sha256:[\da-f]+)$/.test(url);
  if (url === '/v2/') response.end('{}');
  else if (isManifest) {
    response.setHeader('docker-content-digest', sha(manifest)).setHeader('content-length', manifest.length);
    response.end(method === 'HEAD' ? undefined : manifest);
  } else if (url.endsWith(sha(layer))) response.setHeader('content-length', layer.length).end(layer);
  else if (url.endsWith(sha(config))) response.end(config);
  else response.writeHead(404).end(JSON.stringify({ url, headers }));
};

const listed = { registryAccess: { rules: [{ host: 'ghcr.io' }] } };
const get = (target: string, host = 'ghcr.io', more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;

test('a listed registry is asked under its own name, and an image passes with its contents remembered', async () => {
  const { say, pulled, decisions } = await testedTraffic({
    bulkhead: listed,
    peers: { 'ghcr.io': await tlsPeer('ghcr.io', registry) },
  });
  expect(await say(get('/v2/acme/tool/manifests/v1'), 'ghcr.io')).toContain(manifest);
  const blob = await say(get(`/v2/acme/tool/blobs/${sha(layer)}`), 'ghcr.io');
  expect(blob.slice(blob.indexOf('\r\n\r\n') + 4)).toBe(layer.toString());
  const names = [{ repository: 'ghcr.io/acme/tool', tag: 'v1', digest: sha(manifest) }];
  expect(pulled).toEqual([{ names }]);
  expect(await say(get(`/v2/acme/tool/blobs/${sha(config)}`), 'ghcr.io')).toContain(config);
  expect(pulled.slice(1)).toEqual([{ names, image: { id: sha(config), layers: [diffId] } }]);
  expect(decisions.map(({ operation, refusal }) => [operation?.kind, refusal])).toEqual([
    ['manifest', undefined],
    ['blob', undefined],
    ['blob', undefined],
  ]);
});

test('the layers of an image are known as well where its configuration lies elsewhere, and a tag is asked for by HEAD', async () => {
  const moved: RequestListener = (request, response) => {
    if (request.url?.includes('/blobs/') !== true) return registry(request, response);
    return response.writeHead(307, { location: 'https://store.test/of/any?form=%2F' }).end();
  };
  const { say, pulled } = await testedTraffic({
    peers: {
      'ghcr.io': await tlsPeer('ghcr.io', moved),
      'store.test': await tlsPeer('store.test', (_request, response) => response.end(config)),
    },
  });
  await say(get('/v2/acme/tool/manifests/v1').replace('GET', 'HEAD'), 'ghcr.io');
  await say(get(`/v2/acme/tool/manifests/${sha(manifest)}`), 'ghcr.io');
  await say(get(`/v2/acme/tool/blobs/${sha(config)}`), 'ghcr.io');
  pulled.splice(0);
  expect(await say(get('/of/any?form=%2F', 'store.test'), 'store.test')).toContain(config);
  const name = { repository: 'ghcr.io/acme/tool', digest: sha(manifest) };
  expect(pulled).toEqual([
    { names: [{ ...name, tag: 'v1' }, name], image: { id: sha(config), layers: [diffId] } },
  ]);
});

test('a registry that is not listed is not connected to: who asks is told by whom and why, by HEAD in the status line', async () => {
  const peers = { 'quay.io': await tlsPeer('quay.io', registry) };
  const { say, dialled, govern, decisions } = await testedTraffic({ bulkhead: listed, peers });
  const refusal =
    'Access to quay.io has been restricted by your administrators: asking it as a registry is refused by rule registry-access, because no rule names it. ' +
    'Setting: bulkhead.registryAccess. To access this registry, ask it@acme.test to add it to the allowed registries.';
  const [, body = ''] = (await say(get('/v2/', 'quay.io'), 'quay.io')).split('\r\n\r\n');
  expect(JSON.parse(body)).toEqual({
    errors: [{ code: 'DENIED', message: refusal, detail: { code: 'BH_REGISTRY_ACCESS' } }],
  });
  expect(await say(get('/v2/', 'quay.io').replace('GET', 'HEAD'), 'quay.io')).toContain(
    `HTTP/1.1 403 ${refusal}\r\n`,
  );
  expect(dialled).toEqual([]);
  expect(decisions.map(({ refusal: error }) => error?.code)).toEqual([
    'BH_REGISTRY_ACCESS',
    'BH_REGISTRY_ACCESS',
  ]);
  govern({});
  expect(await say(get('/v2/', 'quay.io'), 'quay.io')).toContain('200 OK');
});

test('an authorization and cookies pass, and nothing that is said to us alone', async () => {
  const { say } = await testedTraffic({
    bulkhead: listed,
    peers: { 'ghcr.io': await tlsPeer('ghcr.io', registry) },
  });
  const more =
    'Authorization: Bearer secret\r\nCookie: a=1\r\nTE: trailers\r\nProxy-Authorization: Basic eA==\r\n';
  const answer = await say(get('/other?sig=%2F', 'ghcr.io', more), 'ghcr.io');
  const body: unknown = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1));
  expect(body).toEqual({
    url: '/other?sig=%2F',
    headers: { host: 'ghcr.io', authorization: 'Bearer secret', cookie: 'a=1', connection: 'keep-alive' },
  });
});

test('what is pushed goes where pushing is allowed, with its body, and refusals are read before it is sent', async () => {
  const bodies: number[] = [];
  const takes: RequestListener = (request, response) => {
    let length = 0;
    request.on('data', (chunk: Buffer) => (length += chunk.length));
    request.on('end', () => {
      bodies.push(length);
      response.writeHead(202, { location: '/v2/acme/tool/blobs/uploads/1?state=x' }).end();
    });
  };
  const peers = { 'ghcr.io': await tlsPeer('ghcr.io', takes) };
  const pushes = { registryAccess: { rules: [{ host: 'ghcr.io', push: true }] } };
  const { say, connect, govern } = await testedTraffic({ bulkhead: pushes, peers });
  const patch = (framing: string): string =>
    `PATCH /v2/acme/tool/blobs/uploads/1 HTTP/1.1\r\nHost: ghcr.io\r\n${framing}Connection: close\r\n\r\n`;
  const text = 'x'.repeat(500_000);
  expect(await say(patch(`Content-Length: ${text.length}\r\n`) + text, 'ghcr.io')).toContain('202 Accepted');
  const chunks = `7a120\r\n${text}\r\n0\r\nX-Trailer: dropped\r\n\r\n`;
  expect(await say(patch('Transfer-Encoding: chunked\r\n') + chunks, 'ghcr.io')).toContain('202 Accepted');
  expect(bodies).toEqual([500_000, 500_000]);
  const socket = await connect('ghcr.io');
  socket.write(patch('Content-Length: 3\r\nExpect: 100-continue\r\n'));
  expect(await heard(socket, /100 Continue\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('abc');
  expect(await heard(socket)).toContain('202 Accepted');
  govern(listed);
  const refused = await say(patch('Content-Length: 3\r\nExpect: 100-continue\r\n'), 'ghcr.io', /\}\n/);
  expect(refused).toMatch(/^HTTP\/1.1 403 Access to ghcr.io .*does not allow to push/);
});

test('an upload that is answered before its end is answered', async () => {
  const early: RequestListener = (_request, response) => response.writeHead(413).end('too large');
  const { say } = await testedTraffic({ peers: { 'ghcr.io': await tlsPeer('ghcr.io', early) } });
  const head = 'PATCH /v2/a/b/blobs/uploads/1 HTTP/1.1\r\nHost: ghcr.io\r\nContent-Length: 20000000\r\n\r\n';
  const answer = await say(head + 'x'.repeat(20_000_000), 'ghcr.io', /too large/);
  expect(answer).toContain('413 Payload Too Large');
});

test('a registry whose certificate is past, or another name’s, is not believed, and the reason is shown', async () => {
  const peers = {
    'past.test': await tlsPeer('past.test', registry, { days: -1 }),
    'named.test': await tlsPeer('other.test', registry),
    'plain.test': await plainPeer(registry),
  };
  const { say } = await testedTraffic({ peers });
  const asked = async (name: string): Promise<string> => say(get('/v2/', name), name, /\}\n/);
  expect(await asked('past.test')).toMatch(
    /^HTTP\/1.1 403 The registry past.test is not reached: certificate has expired/,
  );
  expect(await asked('named.test')).toMatch(/^HTTP\/1.1 403 .*does not match certificate's altnames/);
  expect(await asked('plain.test')).toMatch(/^HTTP\/1.1 403 The registry plain.test is not reached/);
  expect(await asked('nowhere.test')).toMatch(/^HTTP\/1.1 502 .*nowhere.test has no address/);
});

test('one that is to be taken without a certificate is, and without TLS its client hears what it would hear there', async () => {
  const peers = {
    'past.test': await tlsPeer('past.test', registry, { days: -1 }),
    'plain.test': await plainPeer(registry),
  };
  const { say, connect } = await testedTraffic({ peers, insecure: ['past.test', 'plain.test'] });
  expect(await say(get('/v2/', 'past.test'), 'past.test')).toContain('200 OK');
  await expect(say(get('/v2/', 'plain.test'), 'plain.test')).rejects.toThrow('wrong version number');
  const socket = await connect(undefined, { protocol: 'http', to: { address: '192.0.2.7', port: 80 } });
  socket.write(get('/v2/', 'plain.test'));
  expect(await heard(socket)).toContain('200 OK');
});

test('a client that leaves ends what is asked for it', async () => {
  let gone: Promise<unknown> | undefined;
  const endless: RequestListener = (_request, response) => {
    gone = once(response, 'close');
    response.write('x');
  };
  const { connect } = await testedTraffic({ peers: { 'ghcr.io': await tlsPeer('ghcr.io', endless) } });
  const socket = await connect('ghcr.io');
  socket.write(get(`/v2/a/b/blobs/${sha('')}`));
  await heard(socket, /x\r\n$/);
  socket.destroy();
  expect(await gone).toEqual([]);
});

test('what a registry cuts short is cut short, and no whole answer', async () => {
  const cut: RequestListener = (_request, response) => {
    response.setHeader('content-length', 10);
    response.write('half', () => response.destroy());
  };
  const { say } = await testedTraffic({ peers: { 'ghcr.io': await tlsPeer('ghcr.io', cut) } });
  expect(await say(get(`/v2/a/b/blobs/${sha('')}`), 'ghcr.io')).not.toMatch(/chunked|content-length: 4\r/);
  const chunked: RequestListener = (_request, response) => response.write('half', () => response.destroy());
  const other = await testedTraffic({ peers: { 'ghcr.io': await tlsPeer('ghcr.io', chunked) } });
  expect(await other.say(get(`/v2/a/b/blobs/${sha('')}`), 'ghcr.io')).not.toContain('0\r\n\r\n');
});

test('requests that come at once are answered one after the other, and a part of a blob is a part', async () => {
  let [at, most] = [0, 0];
  const slow: RequestListener = ({ url = '', headers }, response) => {
    most = Math.max(most, (at += 1));
    setTimeout(() => {
      at -= 1;
      response.writeHead(headers.range === undefined ? 200 : 206).end(`${url} ${headers.range ?? ''};`);
    }, 20);
  };
  const { say } = await testedTraffic({ peers: { 'ghcr.io': await tlsPeer('ghcr.io', slow) } });
  const of = (digest: string): string => `/v2/a/b/blobs/${sha(digest)}`;
  const line = (digest: string): string => `GET ${of(digest)} HTTP/1.1\r\nHost: ghcr.io\r\n\r\n`;
  const text = await say(line('1') + line('2') + get(of('3'), 'ghcr.io', 'Range: bytes=1-2\r\n'), 'ghcr.io');
  expect(text.match(/\/v2[^;]*;/g)).toEqual([`${of('1')} ;`, `${of('2')} ;`, `${of('3')} bytes=1-2;`]);
  expect(most).toBe(1);
});

test('of two that ask for the same registry the second one uses the connection of the first, and a connection that has ended is no fault', async () => {
  const ports = new Set<number | undefined>();
  const ends: RequestListener = ({ socket, url }, response) => {
    ports.add(socket.remotePort);
    response.end('{}', () => {
      if (url === '/v2/') setTimeout(() => socket.destroy(), 10);
    });
  };
  const { say } = await testedTraffic({ peers: { 'ghcr.io': await tlsPeer('ghcr.io', ends) } });
  expect(await say(get('/other'), 'ghcr.io')).toContain('200 OK');
  expect(await say(get('/v2/'), 'ghcr.io')).toContain('200 OK');
  expect(ports.size).toBe(1);
  for (let at = 0; at < 5; at += 1) expect(await say(get('/v2/'), 'ghcr.io')).toContain('200 OK');
});

test('whoever reads ends its connections with it, those that rest and those that wait for an answer', async () => {
  const peers = {
    'plain.test': await plainPeer(({ url }, response) => void (url === '/v2/' && response.end('{}'))),
  };
  const { connect, traffic, decisions } = await testedTraffic({ peers });
  const sockets = await Promise.all(
    ['/v2/', '/file'].map(async (target) => {
      const to = { address: '192.0.2.7', port: 80 };
      const socket = await connect(undefined, { protocol: 'http', to });
      socket.write(`GET ${target} HTTP/1.1\r\nHost: plain.test\r\n\r\n`);
      return socket;
    }),
  );
  await expect.poll(() => decisions.length).toBe(1);
  const ended = sockets.map(async (socket) => heard(socket));
  traffic.end();
  expect(await Promise.all(ended)).toEqual([expect.stringContaining('200 OK'), '']);
});
