import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type FirstBytes, mostFirstBytes, readFirstBytes } from './index.js';

/** What a real client sends first to a server that says nothing. */
async function firstOf(client: (port: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        got = Buffer.concat([got, chunk]);
        if (readFirstBytes(got).kind === 'more') return;
        socket.destroy();
        server.close(() => resolve(got));
      });
    });
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => client(portOf(server.address())));
  });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const byNode = async (servername: string | undefined, ALPNProtocols?: string[]): Promise<Buffer> =>
  firstOf((port) => {
    const options = { host: '127.0.0.1', port, ...(servername === undefined ? {} : { servername }) };
    connect({ ...options, ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }) }).on('error', () => {});
  });

const byProgram = async (file: string, args: (port: number) => readonly string[]): Promise<Buffer> =>
  firstOf((port) => execFile(file, args(port), () => {}).stdin?.end());

let hello: Buffer;
beforeAll(async () => {
  hello = await byNode('registry.example.com', ['h2', 'http/1.1']);
});

const named = (serverName: string | undefined, alpn: readonly string[]): FirstBytes => ({
  kind: 'tls',
  ...(serverName === undefined ? {} : { serverName }),
  alpn,
  encrypted: false,
});

describe('a real ClientHello', () => {
  test('of node', async () => {
    expect(readFirstBytes(hello)).toEqual(named('registry.example.com', ['h2', 'http/1.1']));
    expect(readFirstBytes(await byNode(undefined))).toEqual(named(undefined, []));
  });

  test('of openssl s_client', async () => {
    const args = (port: number) => [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      'A.Example',
      '-alpn',
      'h2',
    ];
    expect(readFirstBytes(await byProgram('openssl', args))).toEqual(named('a.example', ['h2']));
    const bare = (port: number) => ['s_client', '-connect', `127.0.0.1:${port}`, '-noservername', '-tls1_2'];
    expect(readFirstBytes(await byProgram('openssl', bare))).toEqual(named(undefined, []));
  });

  test('of curl, which to an address names nobody', async () => {
    const args = (port: number) => [
      '-sk',
      '--max-time',
      '5',
      '--resolve',
      `b.example:${port}:127.0.0.1`,
      `https://b.example:${port}/`,
    ];
    expect(readFirstBytes(await byProgram('curl', args))).toMatchObject({
      kind: 'tls',
      serverName: 'b.example',
    });
    const bare = (port: number) => ['-sk', '--max-time', '5', `https://127.0.0.1:${port}/`];
    expect(readFirstBytes(await byProgram('curl', bare))).not.toHaveProperty('serverName');
  });
});

/** The handshake message in records of that many bytes. */
function inRecords(message: Uint8Array, size: number): Buffer {
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}
const message = (): Buffer => hello.subarray(5);

/** The ClientHello of node with other extensions. */
function helloWith(...extensions: readonly (readonly [number, readonly number[]])[]): Buffer {
  const list = extensions.flatMap(([type, body]) => [
    type >> 8,
    type & 255,
    body.length >> 8,
    body.length & 255,
    ...body,
  ]);
  const body = [
    3,
    3,
    ...Array.from({ length: 32 }, () => 7),
    0,
    0,
    2,
    0x13,
    1,
    1,
    0,
    list.length >> 8,
    list.length & 255,
    ...list,
  ];
  return inRecords(Buffer.from([1, 0, body.length >> 8, body.length & 255, ...body]), 16_384);
}
const text = (name: string): number[] => [...Buffer.from(name, 'latin1')];
const sni = (name: string, kind = 0): readonly [number, readonly number[]] => [
  0,
  [0, name.length + 3, kind, 0, name.length, ...text(name)],
];

describe('a ClientHello', () => {
  test('split into records of any size is the same, and split at any byte is waited for', () => {
    const whole = readFirstBytes(hello);
    for (const size of [1, 2, 3, 4, 5, 7, 100, 512]) {
      const bytes = inRecords(message(), size);
      expect(readFirstBytes(bytes)).toEqual(whole);
      for (let length = 1; length < bytes.length; length += 1)
        expect(readFirstBytes(bytes.subarray(0, length))).toEqual({ kind: 'more', like: 'tls' });
    }
    // Early data behind it are none of it.
    expect(readFirstBytes(Buffer.concat([hello, Buffer.from([23, 3, 3, 0, 1, 0])]))).toEqual(whole);
  });

  test('names what it has: unknown extensions (GREASE), an encrypted one inside', () => {
    const grease: readonly [number, readonly number[]] = [0x0a_0a, [0]];
    expect(readFirstBytes(helloWith(grease, sni('A.example.')))).toEqual(named('a.example', []));
    expect(readFirstBytes(helloWith(sni('public.example'), [0xfe_0d, [0, 0, 1, 0, 1]]))).toMatchObject({
      encrypted: true,
    });
    expect(readFirstBytes(helloWith(sni('public.example'), [0xff_ce, [0]]))).toMatchObject({
      encrypted: true,
    });
    expect(readFirstBytes(helloWith([16, [0, 3, 2, ...text('h2')]]))).toEqual(named(undefined, ['h2']));
  });

  test.each([
    ['a name twice', () => helloWith(sni('a.example'), sni('b.example'))],
    ['two names', () => helloWith([0, [0, 8, 0, 0, 1, 97, 0, 0, 1, 98]])],
    ['an unknown kind of name', () => helloWith(sni('a.example', 1))],
    ['an empty list of names', () => helloWith([0, [0, 0]])],
    ['an address for a name', () => helloWith(sni('10.0.0.5'))],
    ['a name with NUL', () => helloWith(sni('a.example\0.b.example'))],
    ['something behind the name', () => helloWith([0, [...sni('a')[1], 0]])],
    ['an ALPN that is cut off', () => helloWith([16, [0, 3, 9, 104, 50]])],
    ['an extension that is cut off', () => helloWith([16, [0]])],
    ['the form of SSL 2', () => Buffer.from([0x80, 0x2e, 1, 3, 1, 0, 0x15])],
    ['an alert in front', () => Buffer.concat([Buffer.from([21, 3, 1, 0, 2, 1, 90]), hello])],
    ['a change of ciphers in front', () => Buffer.concat([Buffer.from([20, 3, 1, 0, 1, 1]), hello])],
    [
      'another record amid',
      () => Buffer.concat([inRecords(message().subarray(0, 50), 50), Buffer.from([21, 3, 1, 0, 2, 1, 90])]),
    ],
    ['a record of an odd version', () => Buffer.concat([Buffer.from([22, 5]), hello.subarray(2)])],
    ['an empty record', () => Buffer.from([22, 3, 1, 0, 0])],
    ['a record too long', () => Buffer.from([22, 3, 1, 0x40, 1])],
    ['another message', () => inRecords(Buffer.from([2, 0, 0, 1, 0]), 10)],
    ['a length that never ends', () => inRecords(Buffer.from([1, 255, 255, 255, 0]), 10)],
    ['a name behind the end of all', () => inRecords(Buffer.from([1, 0, 0, 2, 3, 3]), 10)],
    [
      'more than is looked at',
      () =>
        inRecords(Buffer.concat([Buffer.from([1, 0, 0xff, 0]), Buffer.alloc(0xff_00)]), 1).subarray(
          0,
          mostFirstBytes,
        ),
    ],
  ])('with %s is refused', (_what, bytes) => {
    expect(readFirstBytes(bytes())).toMatchObject({ kind: 'malformed', protocol: 'tls' });
  });

  test('with any byte changed, or any garbage, is answered, and never with a name that is not in the bytes', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 600 }),
        (changes, size) => {
          const altered = Buffer.from(message());
          for (const [at, value] of changes) altered[at % altered.length] = value;
          const answer = readFirstBytes(inRecords(altered, size));
          const serverName = answer.kind === 'tls' ? (answer.serverName ?? '') : '';
          expect(altered.toString('latin1').toLowerCase()).toContain(serverName);
        },
      ),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom([], [22, 3, 1], [22, 3, 1, 0, 50, 1, 0, 0, 46, 3, 3]),
        fc.uint8Array({ maxLength: 200 }),
        (start, rest) => {
          expect(readFirstBytes(Buffer.concat([Buffer.from(start), rest])).kind).toMatch(
            /^(more|tls|http2?|forwarding|malformed|other)$/,
          );
        },
      ),
      { numRuns: 5000 },
    );
  });
});

test('64 KiB in records of one byte take no long time', () => {
  const bytes = inRecords(Buffer.concat([Buffer.from([1, 0, 0xff, 0]), Buffer.alloc(0xff_00)]), 1);
  const begun = performance.now();
  for (let count = 0; count < 20; count += 1) readFirstBytes(bytes);
  expect(performance.now() - begun).toBeLessThan(1000);
});

test('nothing says nothing', () => {
  expect(readFirstBytes(Buffer.alloc(0))).toEqual({ kind: 'more', like: 'anything' });
});
