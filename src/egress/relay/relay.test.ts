import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  compileRelay,
  type RelayProgram,
  startClient,
  startRelay,
  startUpstream,
  type Upstream,
} from '../test-support/relay-program.js';
import { type Joined, joinAt, readFrom as read, type Talk, talkTo } from '../test-support/relay-talk.js';

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

const talk = async (): Promise<Talk> => talkTo(relay);
const joined = async (gateway: Talk): Promise<Joined> => joinAt(gateway, relay, upstream);
const here = (): { readonly address: string; readonly port: number } => ({
  address: '127.0.0.1',
  port: upstream.port,
});

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

test('a long beginning is shown whole, and more than 64 KiB never', async () => {
  const gateway = await talk();
  const { socket: client } = await startClient(relay.tcpPort);
  const { id } = await gateway.next('open');
  client.write(Buffer.alloc(48_000));
  gateway.link.send({ kind: 'peek', id, beyond: 47_999 });
  expect(await gateway.next('peeked')).toMatchObject({ bytes: { length: 48_000 }, all: false });
  client.write(Buffer.alloc(40_000));
  gateway.link.send({ kind: 'peek', id, beyond: 65_535 });
  expect(await gateway.next('peeked')).toMatchObject({ bytes: { length: 65_536 }, all: true });
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

test('a stream can be held as what is dialled: the client is heard when it is released', async () => {
  const gateway = await talk();
  const { socket: client } = await startClient(relay.tcpPort);
  const { id } = await gateway.next('open');
  const stream = await gateway.link.stream(id, true);
  stream.write('banner');
  expect(await read(client, 6)).toBe('banner');
  client.write('abc');
  gateway.link.send({ kind: 'peek', id, beyond: 0 });
  expect(await gateway.next('peeked')).toMatchObject({ bytes: Buffer.from('abc') });
  expect(stream.bytesRead).toBe(0);
  gateway.link.send({ kind: 'release', id });
  expect(await read(stream, 3)).toBe('abc');
  // The one direction ends, and the other goes on.
  client.end('def');
  expect(await read(stream, 3)).toBe('def');
  await once(stream.resume(), 'end');
  stream.end('the rest');
  expect(await read(client, 8)).toBe('the rest');
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
