import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { connectRelay, type RelayLink } from '../gateway/relay-link.js';
import type { FromRelay } from '../relay-wire.js';
import {
  compileRelay,
  type RelayProgram,
  startClient,
  startRelay,
  startUpstream,
  type Upstream,
} from '../test-support/relay-program.js';

vi.setConfig({ testTimeout: 60_000 });

let built: Awaited<ReturnType<typeof compileRelay>>;
beforeAll(async () => {
  built = await compileRelay();
}, 180_000);
afterAll(() => built[Symbol.dispose]());

let relay: RelayProgram;
let upstream: Upstream;
beforeEach(async () => {
  relay = await startRelay(built.directory);
  upstream = await startUpstream();
});
afterEach(async () => {
  await upstream[Symbol.asyncDispose]();
  const { errors, child } = relay;
  await relay[Symbol.asyncDispose]();
  // A sanitizer's report, for instance.
  if (errors.length > 0 || child.exitCode !== null) throw new Error(`the relay broke: ${errors.join('\n')}`);
});

interface Talk {
  readonly link: RelayLink;
  readonly next: <K extends FromRelay['kind']>(kind: K) => Promise<FromRelay & { readonly kind: K }>;
  readonly seen: FromRelay[];
}

/** A gateway that decides nothing by itself. */
async function talk({ path } = relay): Promise<Talk> {
  const seen: FromRelay[] = [];
  const taken = new Set<FromRelay>();
  const waiting: (() => void)[] = [];
  const link = await connectRelay(path, (message) => {
    seen.push(message);
    for (const wake of waiting.splice(0)) wake();
  });
  async function next<K extends FromRelay['kind']>(kind: K): Promise<FromRelay & { readonly kind: K }> {
    for (;;) {
      const found = seen.find(
        (message): message is FromRelay & { readonly kind: K } =>
          message.kind === kind && !taken.has(message),
      );
      if (found !== undefined) {
        taken.add(found);
        return found;
      }
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
  }
  await next('hello');
  return { link, next, seen };
}

const here = (): { readonly address: string; readonly port: number } => ({
  address: '127.0.0.1',
  port: upstream.port,
});

interface Joined {
  readonly id: number;
  readonly client: Socket;
  readonly server: Socket;
}

/** A connection that has been dialed. */
async function joined(
  { link, next }: Talk,
  { from = '127.0.0.1', hold = false, port = relay.tcpPort } = {},
): Promise<Joined> {
  const { socket: client } = await startClient(port, from);
  const { id } = await next('open');
  link.send({ kind: 'dial', id, to: here(), hold });
  const server = await upstream.next();
  await next('connected');
  return { id, client, server };
}

async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const chunk: unknown = socket.read() ?? (await once(socket, 'readable'), socket.read());
    if (Buffer.isBuffer(chunk)) text += chunk.toString('latin1');
    else if (socket.readableEnded || socket.destroyed) break;
  }
  return text;
}

/** Resolves when it is, by whichever side and however. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined).resume();
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    socket.once('close', () => resolve());
  });
}

test('a connection is told of with who and where, and joined with what is dialed, in both directions to both ends', async () => {
  const gateway = await talk();
  const { socket: client, ended } = await startClient(relay.tcpPort);
  const open = await gateway.next('open');
  expect(open).toMatchObject({
    from: { address: '127.0.0.1', port: client.localPort },
    to: { address: '127.0.0.1', port: relay.tcpPort },
  });
  client.write('before it was decided');
  gateway.link.send({ kind: 'dial', id: open.id, to: here(), hold: false });
  const server = await upstream.next();
  expect(await read(server, 21)).toBe('before it was decided');
  server.write('answer');
  expect(await read(client, 6)).toBe('answer');
  client.end('last');
  expect(await read(server, 4)).toBe('last');
  server.resume();
  await once(server, 'end');
  server.end('the very last');
  expect(await read(client, 13)).toBe('the very last');
  client.resume();
  expect(await ended).toBe('closed');
  expect(await gateway.next('closed')).toEqual({ kind: 'closed', id: open.id, out: 25, in: 19 });
});

test('without a gateway a connection is refused at once, with its end all are cut, and with the next it goes on', async () => {
  const early = await startClient(relay.tcpPort);
  expect(await early.ended).toBe('reset');
  const first = await talk();
  const { client, server } = await joined(first);
  const cut = Promise.all([client, server].map((socket) => closed(socket)));
  const undecided = await startClient(relay.tcpPort);
  await first.next('open');
  first.link.end();
  await cut;
  expect(await undecided.ended).toBe('reset');
  const between = await startClient(relay.tcpPort);
  expect(await between.ended).toBe('reset');
  const again = await joined(await talk());
  again.client.write('on');
  expect(await read(again.server, 2)).toBe('on');
});

test('a gateway that answers no ping is none', async () => {
  const mute = connect(relay.path);
  mute.write('control 1\n');
  const undecided = await startClient(relay.tcpPort);
  expect(await undecided.ended).toBe('reset');
  await closed(mute);
  expect((await joined(await talk())).id).toBeGreaterThan(0);
});

test('a second gateway is sent away, and the first goes on', async () => {
  const first = await talk();
  const second = connect(relay.path);
  second.write('control 1\n');
  await closed(second);
  expect((await joined(first)).id).toBeGreaterThan(0);
});

test('what is held is looked at, again when there is more, and goes on when it is released; the server is heard meanwhile', async () => {
  const gateway = await talk();
  const { socket: client } = await startClient(relay.tcpPort);
  const { id } = await gateway.next('open');
  gateway.link.send({ kind: 'dial', id, to: here(), hold: true });
  const server = await upstream.next();
  await gateway.next('connected');
  server.write('banner');
  expect(await read(client, 6)).toBe('banner');
  gateway.link.send({ kind: 'peek', id, beyond: 0 });
  client.write('abc');
  expect(await gateway.next('peeked')).toMatchObject({ id, bytes: Buffer.from('abc'), all: false });
  gateway.link.send({ kind: 'peek', id, beyond: 3 });
  client.write('def');
  expect(await gateway.next('peeked')).toMatchObject({ bytes: Buffer.from('abcdef') });
  gateway.link.send({ kind: 'peek', id, beyond: 6 });
  client.end();
  expect(await gateway.next('peeked')).toMatchObject({ bytes: Buffer.from('abcdef'), all: true });
  expect(server.bytesRead).toBe(0);
  gateway.link.send({ kind: 'release', id });
  expect(await read(server, 6)).toBe('abcdef');
});

test('more than 16 KiB is never shown', async () => {
  const gateway = await talk();
  const { socket: client } = await startClient(relay.tcpPort);
  const { id } = await gateway.next('open');
  client.write(Buffer.alloc(40_000));
  gateway.link.send({ kind: 'peek', id, beyond: 16_383 });
  const peeked = await gateway.next('peeked');
  expect(peeked.bytes.length).toBe(16_384);
  expect(peeked.all).toBe(true);
});

test('one that cannot be dialed can be dialed again elsewhere, or reset', async () => {
  const gateway = await talk();
  const { ended } = await startClient(relay.tcpPort);
  const { id } = await gateway.next('open');
  gateway.link.send({ kind: 'dial', id, to: { address: '127.0.0.1', port: 1 }, hold: false });
  expect(await gateway.next('failed')).toMatchObject({ id, errno: 111 });
  gateway.link.send({ kind: 'dial', id, to: here(), hold: false });
  await upstream.next();
  await gateway.next('connected');
  gateway.link.send({ kind: 'reset', id });
  expect(await ended).toBe('reset');
  expect(await gateway.next('closed')).toMatchObject({ id });
});

test('nobody decides in time: it is reset', async () => {
  const gateway = await talk();
  const { ended } = await startClient(relay.tcpPort);
  expect(await ended).toBe('reset');
  expect(await gateway.next('closed')).toMatchObject({ out: 0, in: 0 });
});

test('a client that goes before a decision is told of, and a late decision is nobody’s', async () => {
  const gateway = await talk();
  const { socket: client } = await startClient(relay.tcpPort);
  const { id } = await gateway.next('open');
  client.resetAndDestroy();
  expect(await gateway.next('closed')).toMatchObject({ id });
  gateway.link.send({ kind: 'dial', id, to: here(), hold: false });
  const other = await joined(gateway);
  expect(other.id).not.toBe(id);
});

test('a stream of the gateway’s own is the other side, with what comes right behind its first line', async () => {
  const gateway = await talk();
  const { socket: client } = await startClient(relay.tcpPort);
  const { id } = await gateway.next('open');
  client.write('request');
  const stream = connect(relay.path);
  stream.write(`stream ${id}\nand an answer`);
  expect(await read(client, 13)).toBe('and an answer');
  expect(await read(stream, 7)).toBe('request');
  stream.end();
  client.resume();
  await once(client, 'end');
  const unknown = connect(relay.path);
  unknown.write('stream 12345\n');
  await closed(unknown);
});

test('a question for names is told of, and its answer goes back from where it was asked', async () => {
  const gateway = await talk();
  const socket = createSocket('udp4');
  socket.connect(relay.udpPort, '127.0.0.1');
  await once(socket, 'connect');
  socket.send('who is that?');
  const query = await gateway.next('query');
  expect(query).toMatchObject({
    from: { address: '127.0.0.1', port: socket.address().port },
    asked: '127.0.0.1',
    bytes: Buffer.from('who is that?'),
  });
  gateway.link.send({ kind: 'answer', id: query.id + 1, bytes: Buffer.from('nobody asked this') });
  gateway.link.send({ kind: 'answer', id: query.id, bytes: Buffer.from('it is\n') });
  gateway.link.send({ kind: 'answer', id: query.id, bytes: Buffer.from('twice') });
  const answer = new Promise<string>((resolve) => socket.once('message', (bytes) => resolve(String(bytes))));
  expect(await answer).toBe('it is\n');
  socket.close();
});

test('of one address so many may be undecided and no more; the gateway is told how many were not', async () => {
  const gateway = await talk();
  const clients = await Promise.all(Array.from({ length: 20 }, () => startClient(relay.tcpPort)));
  expect((await gateway.next('refused')).count).toBe(12);
  for (let i = 0; i < 8; i++) await gateway.next('open');
  expect(gateway.seen.filter(({ kind }) => kind === 'open')).toHaveLength(8);
  for (const { socket } of clients) socket.destroy();
  await vi.waitFor(
    () => expect(gateway.seen.filter(({ kind }) => kind === 'closed')).toHaveLength(8),
    10_000,
  );
  await joined(gateway);
});

test.each([
  ['IPv4 and IPv6 of one network', ['172.18.0', 'fd00:1::']],
  ['ten networks', Array.from({ length: 10 }, (_, i) => `172.${18 + i}.0`)],
  ['neighbours of the engine’s address', ['203.0.113', '2001:db8:6272:6567::f']],
])('%s take all they can, and others and the engine each get one more', async (_what, networks) => {
  const { stdout } = await execa(join(built.directory, 'shares'), networks);
  const lines = stdout.split('\n').map((line) => line.split(' '));
  expect(lines.map(([kind]) => kind)).toEqual(['connections', 'undecided', 'questions', 'pipes']);
  for (const [, ...words] of lines) {
    expect(Number(words[0])).toBeGreaterThan(900);
    expect(words.slice(networks.length)).toEqual(['yes', 'yes', 'yes', 'yes']);
  }
});

test('readers that do not read lose their pipes to whom their network leaves none, and others keep theirs', async () => {
  // 35 pipes, of which an address may have 8.
  await using small = await startRelay(built.directory, 600);
  const gateway = await talk(small);
  const at = { port: small.tcpPort };
  const much = Buffer.alloc(24 << 20);
  const elsewhere = await joined(gateway, { ...at, from: '127.1.0.1' });
  elsewhere.server.write(much);
  const stuck: Joined[] = [];
  for (let i = 0; i < 8; i++) {
    const one = await joined(gateway, at);
    one.server.write(much);
    stuck.push(one);
  }
  const last = await joined(gateway, at);
  last.server.write('at last');
  expect(await read(last.client, 7)).toBe('at last');
  expect(stuck.map(({ id }) => id)).toContain((await gateway.next('closed')).id);
  const ended = gateway.seen.flatMap((message) => (message.kind === 'closed' ? [message.id] : []));
  expect(ended).not.toContain(elsewhere.id);
  expect(ended).not.toContain(last.id);
  expect(small.errors).toEqual([]);
});

test('beginnings that are more together than the link holds are told one after the other, and nobody is cut', async () => {
  const gateway = await talk();
  const clients: Joined[] = [];
  for (let i = 0; i < 300; i++)
    clients.push(await joined(gateway, { hold: true, from: i % 2 === 0 ? '127.0.0.1' : '127.0.0.2' }));
  await Promise.all(
    clients.map(({ client }) => new Promise((resolve) => client.write(Buffer.alloc(16_384, 'x'), resolve))),
  );
  for (const { id } of clients) gateway.link.send({ kind: 'peek', id, beyond: 16_383 });
  for (const _ of clients) expect((await gateway.next('peeked')).bytes).toHaveLength(16_384);
  expect(gateway.seen.filter(({ kind }) => kind === 'closed')).toEqual([]);
  for (const { id } of clients) gateway.link.send({ kind: 'release', id });
  for (const { server } of clients) expect(await read(server, 16_384)).toHaveLength(16_384);
});

test('many connections at once, each with what it was sent', async () => {
  const gateway = await talk();
  const size = 3_000_000;
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      const { socket: client } = await startClient(relay.tcpPort);
      client.write(randomBytes(size));
    }),
  );
  const sums = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const { id } = await gateway.next('open');
      gateway.link.send({ kind: 'dial', id, to: here(), hold: false });
      const server = await upstream.next();
      let length = 0;
      for await (const chunk of server) {
        length += Buffer.isBuffer(chunk) ? chunk.length : 0;
        if (length === size) break;
      }
      return length;
    }),
  );
  expect(sums).toEqual(Array.from({ length: 6 }, () => size));
});

test('an echo of 8 MB through a slow reader arrives whole', async () => {
  const { client, server } = await joined(await talk());
  const bytes = randomBytes(8 << 20);
  server.pipe(server);
  client.end(bytes);
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of client) {
    if (!Buffer.isBuffer(chunk)) continue;
    hash.update(chunk);
    length += chunk.length;
    if (length % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(length).toBe(bytes.length);
  expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('whatever is said at the door or on the line, it cuts the sayer at most', async () => {
  const commands = fc.constantFrom('dial', 'release', 'peek', 'reset', 'answer', 'pong', 'open', '');
  const words = fc.oneof(
    fc.constantFrom(
      '127.0.0.1',
      '::1',
      '0',
      '80',
      'hold',
      '65536',
      '131072',
      '18446744073709551615',
      '-1',
      '',
    ),
    fc.string({ maxLength: 40 }),
  );
  const lines = fc
    .tuple(commands, fc.array(words, { maxLength: 5 }))
    .map(([first, rest]) => [first, ...rest].join(' '));
  const prefaces = fc.constantFrom('control 1\n', 'control 2\n', 'stream 65536\n', 'stream ', '', '\0\n');
  await fc.assert(
    fc.asyncProperty(
      prefaces,
      fc.array(lines, { maxLength: 12 }),
      fc.boolean(),
      async (preface, texts, open) => {
        const visitor = connect(relay.path);
        const gone = closed(visitor);
        visitor.write(`${preface}${texts.join('\n')}\n`);
        const client = open ? await startClient(relay.tcpPort) : undefined;
        visitor.end();
        await gone;
        client?.socket.destroy();
        expect(relay.child.exitCode).toBeNull();
      },
    ),
    { numRuns: 300 },
  );
  await vi.waitFor(async () => {
    await joined(await talk());
  }, 10_000);
});
