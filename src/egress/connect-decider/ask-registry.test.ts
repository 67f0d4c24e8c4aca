import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTls } from 'node:https';
import { connect, createServer as createTcp, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../common/cause.js';
import { parseIpAddress } from '../../common/ip-address.js';
import { registryWith } from '../test-support/rsa-server.js';
import { atOnce } from './connect-decider.test-support.js';
import type { RegistryFinding } from './registry-finding.js';
import { askRegistry, type RegistryQuestion } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'bh-registry-'));
let pair = { key: '', cert: '' };
beforeAll(() => {
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  const options = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=x',
  ];
  execFileSync('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
});
afterAll(() => rmSync(directory, { recursive: true }));

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const basic = { 'www-authenticate': 'Basic realm="x"' };
const loopback = parseIpAddress('127.0.0.1');
const ask = async (scheme: 'http' | 'https', port: number): Promise<RegistryFinding> =>
  askRegistry(
    { scheme, host: 'a.example', port, addresses: loopback === undefined ? [] : [loopback] },
    atOnce,
  );

describe.each(['http', 'https'] as const)('by %s', (scheme) => {
  const serve = async (listener: RequestListener): Promise<number> =>
    listen(scheme === 'http' ? createServer(listener) : createTls(pair, listener));

  test.each<[string, boolean, RequestListener]>([
    [
      'a registry',
      true,
      (_, response) => response.setHeader('docker-distribution-api-version', 'registry/2.0').end('{}'),
    ],
    [
      'one that wants a token',
      true,
      (_, response) =>
        response
          .writeHead(401, {
            'www-authenticate': 'Bearer realm="https://a.example/token",service="a.example"',
          })
          .end(),
    ],
    ['one that says no more than it must', true, (_, response) => response.end(' {}\n')],
    ['a site', false, (_, response) => response.end('<html>')],
    ['a site with a long page', false, (_, response) => response.end('x'.repeat(100_000))],
    ['a service with another object', false, (_, response) => response.end('{"a":1}')],
    ['a service all of which wants a password', false, (_, response) => response.writeHead(401, basic).end()],
    [
      'a registry behind a password',
      true,
      ({ url }, response) =>
        (url === '/v2/' ? response.writeHead(401, basic) : response.writeHead(404)).end(),
    ],
    [
      'a registry that is all behind a password, by its error',
      true,
      (_, response) =>
        response.writeHead(401, basic).end('{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}'),
    ],
    [
      'a token of another kind for all of it',
      false,
      (_, response) =>
        response.writeHead(401, { 'www-authenticate': 'Bearer realm="https://a.example/"' }).end('{}'),
    ],
    [
      'an interface that has a second version, and no way to sign in that registries know',
      false,
      ({ url }, response) =>
        response.writeHead(url === '/v2/' ? 401 : 404, { 'www-authenticate': 'Bearer' }).end('{"a":1}'),
    ],
    ['nothing there', false, (_, response) => response.writeHead(404).end('{}')],
    [
      'a site all of which leads elsewhere',
      false,
      ({ url }, response) => response.writeHead(302, { location: `http://127.0.0.1:1${url}` }).end(),
    ],
    [
      'one that leads elsewhere with this alone',
      true,
      ({ url }, response) =>
        (url === '/v2/'
          ? response.writeHead(307, { location: 'http://127.0.0.1:1/v2/' })
          : response.writeHead(404)
        ).end(),
    ],
    [
      'a registry that leads to another path of its own',
      true,
      ({ url }, response) =>
        url === '/v2' ? response.end('{}') : response.writeHead(301, { location: '/v2' }).end(),
    ],
    [
      'a site that leads to its own page for signing in, which wants a password',
      false,
      ({ url }, response) =>
        url === '/in'
          ? response.writeHead(401, basic).end()
          : response.writeHead(302, { location: '/in' }).end(),
    ],
    [
      'a site that leads in a circle',
      false,
      ({ url }, response) => response.writeHead(302, { location: `${url}x` }).end(),
    ],
    ['one that leads nowhere', false, (_, response) => response.writeHead(302).end()],
  ])('%s: %s', async (_what, expected, listener) => {
    expect(await ask(scheme, await serve(listener))).toBe(expected ? 'registry' : 'none');
  });

  test.each([500, 502, 503, 504, 520, 408, 425, 429])(
    'of one that answers %s now nobody knows, unless it says that it is one',
    async (status) => {
      const busy = await serve((_, response) => response.writeHead(status).end());
      expect(await ask(scheme, busy)).toBe('unsaid');
      const registry = await serve((_, response) =>
        response.writeHead(status, { 'docker-distribution-api-version': 'registry/2.0' }).end(),
      );
      expect(await ask(scheme, registry)).toBe('registry');
    },
  );

  test.each([403, 404, 405, 501, 505])('one that answers %s is none', async (status) => {
    expect(await ask(scheme, await serve((_, response) => response.writeHead(status).end()))).toBe('none');
  });

  test('one that leads to a path of its own that it can’t answer for now is not known', async () => {
    const port = await serve(({ url }, response) =>
      (url === '/at' ? response.writeHead(503) : response.writeHead(302, { location: '/at' })).end(),
    );
    expect(await ask(scheme, port)).toBe('unsaid');
  });

  test('of what is behind a password asks for something that nobody has, and for no more', async () => {
    const asked: unknown[] = [];
    const port = await serve(({ url }, response) => {
      asked.push(url);
      response.writeHead(401, basic).end();
    });
    await ask(scheme, port);
    expect(asked).toEqual(['/v2/', expect.stringMatching(/^\/[0-9a-f-]{36}$/)]);
  });

  test('asks for the ping of the specification, under the name, as docker does', async () => {
    const asked: unknown[] = [];
    const port = await serve(({ method, url, headers }, response) => {
      asked.push([method, url, headers.host, headers['authorization'], headers['user-agent']]);
      response.end();
    });
    await ask(scheme, port);
    expect(asked).toEqual([
      ['GET', '/v2/', `a.example:${port}`, undefined, expect.stringMatching(/^docker\/\d/)],
    ]);
  });
});

test('does not agree on keys in a group of the server’s own, which may be as large as it likes', async () => {
  expect(await ask('https', await registryWith('ECDHE-RSA-AES128-GCM-SHA256'))).toBe('registry');
  const own = await registryWith('DHE-RSA-AES128-GCM-SHA256');
  await expect(ask('https', own)).rejects.toThrow('handshake failure');
});

describe('by a proxy', () => {
  const proxied: string[] = [];
  /** Leads to the port that is asked for, on this machine, or says that it does not. */
  const startProxy = async (isOpen: boolean): Promise<number> =>
    listen(
      createServer().on('connect', ({ url = '' }, client) => {
        proxied.push(url);
        if (!isOpen) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        const server = connect(Number(url.split(':').at(-1)), '127.0.0.1');
        for (const [one, other] of [
          [client, server],
          [server, client],
        ] as const)
          one.on('error', () => other.destroy()).pipe(other);
        return void client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      }),
    );
  const asking = (port: number, proxyPort: number): RegistryQuestion => ({
    scheme: 'https',
    host: 'a.example',
    port,
    // Nothing is there: whoever goes past the proxy finds nothing.
    addresses: [],
    through: {
      hops: [{ kind: 'proxy', protocol: 'http', host: '127.0.0.1', port: proxyPort }],
      ask: { host: 'a.example', port },
    },
  });

  test('is asked through it, for what the connection would ask it for', async () => {
    const registry = await listen(createTls(pair, (_, response) => response.end('{}')));
    expect(await askRegistry(asking(registry, await startProxy(true)), atOnce)).toBe('registry');
    expect(proxied.splice(0)).toEqual([`a.example:${registry}`]);
  });

  test('that lets nothing through, nothing is known', async () => {
    await expect(askRegistry(asking(443, await startProxy(false)), atOnce)).rejects.toThrow('403');
  });
});

test('what speaks no HTTP is none, what breaks off has not said so, and what is not reached is not known', async () => {
  const talks = await listen(createTcp((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n')));
  expect(await ask('http', talks)).toBe('none');
  const ends = await listen(createTcp((socket) => socket.destroy()));
  expect(await ask('http', ends)).toBe('unspoken');
  const gone = await listen(createTcp());
  servers.splice(0).forEach((server) => server.close());
  await expect(ask('http', gone)).rejects.toThrow('ECONNREFUSED');
  await expect(
    askRegistry({ scheme: 'http', host: 'a.example', port: 80, addresses: [] }, atOnce),
  ).rejects.toThrow('has no address');
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'what ends with its greeting, by %s, is not waited for',
  async (version) => {
    const server = createTlsServer({ ...pair, maxVersion: version, minVersion: version }, (socket) =>
      socket.on('error', () => undefined).end(),
    );
    expect(await ask('https', await listen(server))).toBe('unspoken');
  },
);

test('greets once, however often a server would have it', async () => {
  const told: unknown[] = [];
  const server = createTlsServer({ ...pair, maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', (error) => told.push(codeOf(error)));
    socket.renegotiate({}, (error) => {
      if (error === null) told.push('greeted once more');
      socket.destroy();
    });
  });
  await ask('https', await listen(server)).catch(() => undefined);
  await expect.poll(() => told).toEqual(['ERR_SSL_NO_RENEGOTIATION']);
});
