import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dialAlong, type Hop, openTcp, type ProxyServer } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'bh-proxy-'));
let key = '';
let cert = '';
beforeAll(() => {
  const [keyFile, certFile] = [join(directory, 'key'), join(directory, 'cert')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      keyFile,
      '-out',
      certFile,
      '-days',
      '2',
      '-subj',
      '/CN=proxy',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ],
    { stdio: 'ignore' },
  );
  key = readFileSync(keyFile, 'utf8');
  cert = readFileSync(certFile, 'utf8');
});
afterAll(() => rmSync(directory, { recursive: true }));

const servers: Server[] = [];
const sockets = new Set<Duplex>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** What a proxy does with one client; `next` gives what the client says next. */
type Script = (socket: Duplex, next: () => Promise<Buffer>) => Promise<void>;

function serve(script: Script): (socket: Duplex) => void {
  return (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const next = async (): Promise<Buffer> => new Promise((resolve) => socket.once('data', resolve));
    void script(socket, next);
  };
}
const proxyOf = async (
  protocol: ProxyServer['protocol'],
  script: Script,
  user?: ProxyServer['user'],
): Promise<ProxyServer> => {
  const server =
    protocol === 'https' ? createTlsServer({ key, cert }, serve(script)) : createServer(serve(script));
  const port = await listen(server);
  return { kind: 'proxy', protocol, host: '127.0.0.1', port, ...(user === undefined ? {} : { user }) };
};

const signal = new AbortController().signal;
const never = async (): Promise<Duplex> => Promise.reject(new Error('not directly'));
const target = { host: 'a.example', port: 443 };

async function dial(
  hops: readonly Hop[],
  more: Partial<Parameters<typeof dialAlong>[2]> = {},
  to = target,
): Promise<Duplex> {
  const stream = await dialAlong(hops, to, { direct: never, signal, ca: cert, patience: 5000, ...more });
  sockets.add(stream);
  return stream;
}

/** All a stream says until it has said that. */
async function until(stream: Duplex, text: string): Promise<string> {
  let said = '';
  stream.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (chunk: string) => {
      said += chunk;
      if (said.includes(text)) resolve(said);
    });
  });
}

/** Lets everything through to an echo, and says first what is behind the answer already. */
const tunnel =
  (heads: string[], answer = 'HTTP/1.1 200 OK\r\nVia: x\r\n\r\nserver speaks first;'): Script =>
  async (socket, next) => {
    heads.push((await next()).toString());
    socket.write(answer);
    socket.on('data', (chunk) => socket.write(chunk));
  };

test('a destination that breaks off before anybody listens ends nothing but its connection', async () => {
  const server = createServer((socket) => socket.once('data', () => void socket.resetAndDestroy()));
  const stream = await openTcp('127.0.0.1', await listen(server), signal);
  stream.write('?');
  // Without a listener this is an exception nobody catches.
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  expect(stream.errored).toMatchObject({ code: 'ECONNRESET' });
});

describe.each(['http', 'https'] as const)('CONNECT to a proxy of %s', (protocol) => {
  test('tunnels, with nothing lost behind the answer', async () => {
    const heads: string[] = [];
    const stream = await dial([await proxyOf(protocol, tunnel(heads))]);
    stream.write('client;');
    expect(await until(stream, 'client;')).toBe('server speaks first;client;');
    expect(heads).toEqual(['CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n']);
  });

  test('signs in, and writes an IPv6 address in brackets', async () => {
    const heads: string[] = [];
    const user = { name: 'ada', password: 'p@w:ö' };
    await dial([await proxyOf(protocol, tunnel(heads), user)], {}, { host: '2001:db8::1', port: 22 });
    expect(heads[0]).toContain('CONNECT [2001:db8::1]:22 HTTP/1.1\r\n');
    expect(heads[0]).toContain(
      `Proxy-Authorization: Basic ${Buffer.from('ada:p@w:ö').toString('base64')}\r\n`,
    );
  });

  test.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'wants a user and a password'],
    ['HTTP/1.1 403 Forbidden\r\n\r\n', 'answers 403'],
    ['HTTP/1.1 301 x\r\n\r\n', 'answers 301'],
    ['SSH-2.0-x\r\n\r\n', 'no HTTP'],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`, 'no end'],
  ])('%s', async (answer, reason) => {
    await expect(dial([await proxyOf(protocol, tunnel([], answer))])).rejects.toThrow(reason);
  });
});

test('a proxy of HTTPS that nobody vouches for is not spoken to', async () => {
  const proxy = await proxyOf('https', tunnel([]));
  await expect(dialAlong([proxy], target, { direct: never, signal })).rejects.toThrow(/certificate/i);
});

describe('SOCKS 5', () => {
  const reply = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const server =
    (said: Buffer[], { method = 0, answer = reply }: { method?: number; answer?: Uint8Array } = {}): Script =>
    async (socket, next) => {
      said.push(await next());
      socket.write(Buffer.from([5, method]));
      if (method === 2) {
        const signIn = await next();
        said.push(signIn);
        socket.write(Buffer.from([1, signIn.includes('wrong') ? 1 : 0]));
      }
      said.push(await next());
      socket.write(Buffer.concat([answer, Buffer.from('server speaks first;')]));
    };

  test('connects to a name, which it resolves itself', async () => {
    const said: Buffer[] = [];
    const stream = await dial([await proxyOf('socks5', server(said))]);
    expect(await until(stream, ';')).toBe('server speaks first;');
    expect(said).toEqual([
      Buffer.from([5, 1, 0]),
      Buffer.concat([Buffer.from([5, 1, 0, 3, 9]), Buffer.from('a.example'), Buffer.from([1, 187])]),
    ]);
  });

  test('to an address of either kind, with an answer of any', async () => {
    for (const [host, bytes, answer] of [
      ['10.0.0.5', [1, 10, 0, 0, 5], reply],
      [
        '2001:db8::1',
        [4, 0x20, 1, 0xd, 0xb8, ...Array.from({ length: 11 }, () => 0), 1],
        Buffer.from([5, 0, 0, 3, 2, 97, 98, 0, 0]),
      ],
      [
        '::1',
        [4, ...Array.from({ length: 15 }, () => 0), 1],
        Buffer.concat([Buffer.from([5, 0, 0, 4]), Buffer.alloc(18)]),
      ],
    ] as const) {
      const said: Buffer[] = [];
      const stream = await dial([await proxyOf('socks5', server(said, { answer }))], {}, { host, port: 22 });
      expect(await until(stream, ';')).toBe('server speaks first;');
      expect(said[1]).toEqual(Buffer.from([5, 1, 0, ...bytes, 0, 22]));
    }
  });

  test('signs in', async () => {
    const said: Buffer[] = [];
    await dial([await proxyOf('socks5', server(said, { method: 2 }), { name: 'ada', password: 'pw' })]);
    expect(said.slice(0, 2)).toEqual([
      Buffer.from([5, 2, 0, 2]),
      Buffer.from([1, 3, ...Buffer.from('ada'), 2, ...Buffer.from('pw')]),
    ]);
    const wrong = await proxyOf('socks5', server([], { method: 2 }), { name: 'ada', password: 'wrong' });
    await expect(dial([wrong])).rejects.toThrow('does not take the user');
  });

  test.each<[string, number, readonly number[], string]>([
    ['a rule', 0, [5, 2, 0, 1, 0, 0, 0, 0, 0, 0], 'rules do not allow'],
    ['a code nobody knows', 0, [5, 99, 0, 1, 0, 0, 0, 0, 0, 0], 'answers 99'],
    ['another protocol', 0, [4, 0, 0, 1, 0, 0, 0, 0, 0, 0], 'no SOCKS 5'],
    ['a kind of address nobody knows', 0, [5, 0, 0, 9, 0], 'no SOCKS 5'],
    ['no way to sign in', 255, [], 'no way of signing in'],
    ['a way to sign in that was not offered', 2, [], 'no way of signing in'],
  ])('%s refuses', async (_what, method, answer, reason) => {
    const script: Script = async (socket, next) => {
      await next();
      socket.write(Buffer.from([5, method]));
      if (method !== 0) return;
      await next();
      socket.write(Buffer.from(answer));
    };
    await expect(dial([await proxyOf('socks5', script)])).rejects.toThrow(reason);
  });
});

describe('several ways', () => {
  const ends: Script = async (socket) => {
    socket.destroy();
    return Promise.resolve();
  };

  test('are tried in their order, until one leads there or one rejects', async () => {
    const heads: string[] = [];
    const [bad, good] = [await proxyOf('http', ends), await proxyOf('http', tunnel(heads))];
    await dial([bad, good]);
    expect(heads).toHaveLength(1);
    await expect(dial([bad, { kind: 'reject' }, good])).rejects.toThrow(`127.0.0.1:${bad.port}`);
    await expect(dial([{ kind: 'reject' }, good])).rejects.toThrow('rejected');
    expect(heads).toHaveLength(1);
    const direct = async (): Promise<Duplex> => {
      const port = await listen(createServer(serve(async () => Promise.resolve())));
      const { connect } = await import('node:net');
      return connect(port, '127.0.0.1');
    };
    expect((await dial([bad, { kind: 'direct' }], { direct })).destroyed).toBe(false);
    await expect(dial([bad, { kind: 'direct' }])).rejects.toThrow(/127\.0\.0\.1:\d+: .*; not directly/);
  });

  test('one that never answers is left', async () => {
    const silent = await proxyOf('http', async () => Promise.resolve());
    await expect(dial([silent], { patience: 100 })).rejects.toThrow('does not answer');
    await expect(
      dial([await proxyOf('socks5', async () => Promise.resolve())], { patience: 100 }),
    ).rejects.toThrow('does not answer');
  });

  test('whoever asked and went away ends all', async () => {
    const asked = new AbortController();
    const heads: string[] = [];
    const silent = await proxyOf('http', async () => Promise.resolve());
    const pending = dialAlong([silent, await proxyOf('http', tunnel(heads))], target, {
      direct: never,
      signal: asked.signal,
    });
    asked.abort(new Error('gone'));
    await expect(pending).rejects.toThrow('aborted');
    expect(heads).toEqual([]);
  });

  test('a port nobody listens at is told', async () => {
    const port = await listen(createServer());
    servers.splice(0).forEach((server) => server.close());
    await expect(dial([{ kind: 'proxy', protocol: 'http', host: '127.0.0.1', port }])).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});
