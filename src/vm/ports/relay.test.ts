import { spawnSync } from 'node:child_process';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { Places } from './places.js';
import { relayTcp } from './relay-tcp.js';
import { relayUdp } from './relay-udp.js';
import { tryBind } from './try-bind.js';

const freePort = (protocol: 'tcp' | 'udp'): Promise<number> =>
  tryBind({ protocol, address: '127.0.0.1', port: 0 });

/** Says each datagram again. */
async function echo(): Promise<{ readonly port: number; readonly close: () => void }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (text, from) => socket.send(text, from.port, from.address));
  return { port: socket.address().port, close: () => socket.close() };
}

/** What comes back within a second; undefined when nothing does. */
async function askUdp(port: number, text: string): Promise<string | undefined> {
  const socket = createSocket('udp6');
  socket.send(text, port, '::1');
  try {
    const answer: readonly unknown[] = await once(socket, 'message', { signal: AbortSignal.timeout(1000) });
    return String(answer[0]);
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

/** A datagram from port 0, which no ordinary socket sends: type 17 by a raw socket, the kernel's checksum at byte 6. */
const fromPortZero = (to: number): string =>
  `use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6); socket(my $s, 10, SOCK_RAW, 17) or die; setsockopt($s, 41, 7, pack('i', 6)) or die; ` +
  `send($s, pack('nnnn', 0, ${to}, 9, 0) . 'x', 0, pack_sockaddr_in6(0, inet_pton(10, '::1'))) or die`;

test.runIf(process.getuid?.() === 0)(
  'a datagram from port 0, to which nothing can be sent, ends nothing',
  async () => {
    const inner = await echo();
    const port = await freePort('udp');
    const places = new Places(10);
    const relay = await relayUdp({ address: '::1', port }, inner.port, places);
    const outer = createSocket('udp6').bind(0, '::1');
    await once(outer, 'listening');
    const heard = once(outer, 'message', { signal: AbortSignal.timeout(5000) });
    // That such a datagram is delivered at all, first.
    for (const to of [outer.address().port, port])
      expect(spawnSync('/usr/bin/perl', ['-e', fromPortZero(to)], { encoding: 'utf8' })).toMatchObject({
        status: 0,
      });
    expect((await heard)[1]).toMatchObject({ port: 0 });
    expect(await askUdp(port, 'still here')).toBe('still here');
    outer.close();
    relay.close();
    relay.close();
    inner.close();
  },
);

test('what anybody else sends to the socket a peer is asked for by is no answer to that peer', async () => {
  const inner = createSocket('udp4').bind(0, '127.0.0.1');
  await once(inner, 'listening');
  const port = await freePort('udp');
  const relay = await relayUdp({ address: '::1', port }, inner.address().port, new Places(10));
  const peer = createSocket('udp6');
  const heard: string[] = [];
  peer.on('message', (text) => heard.push(String(text)));
  const asked = new Promise<RemoteInfo>((resolve) => {
    inner.once('message', (_, sender) => resolve(sender));
  });
  peer.send('question', port, '::1');
  const from = await asked;
  const stranger = createSocket('udp4');
  await new Promise((sent) => stranger.send('planted', from.port, '127.0.0.1', sent));
  inner.send('answer', from.port, from.address);
  await expect.poll(() => heard).toContain('answer');
  expect(heard).toEqual(['answer']);
  for (const socket of [peer, stranger, inner]) socket.close();
  relay.close();
});

test('a port that can not be had leaves no descriptor behind', async () => {
  const places = new Places(10);
  const taken = createSocket({ type: 'udp6', ipv6Only: true }).bind(0, '::1');
  await once(taken, 'listening');
  const { port } = taken.address();
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let count = 0; count < 30; count += 1)
    await expect(relayUdp({ address: '::1', port }, 9, places)).rejects.toThrow('EADDRINUSE');
  expect(open()).toBeLessThan(before + 10);
  taken.close();
});

test('peers of all ports together are limited, and their places come back', async () => {
  const inner = await echo();
  const places = new Places(2);
  const [first, second] = [await freePort('udp'), await freePort('udp')];
  const one = await relayUdp({ address: '::1', port: first }, inner.port, places);
  const other = await relayUdp({ address: '::1', port: second }, inner.port, places);
  // Of its own peers a port forgets the one that was silent longest.
  for (const text of ['a', 'b', 'c']) expect(await askUdp(first, text)).toBe(text);
  expect(places.areTaken).toBe(true);
  expect(await askUdp(second, 'd')).toBeUndefined();
  one.close();
  expect(await askUdp(second, 'e')).toBe('e');
  other.close();
  inner.close();
});

test('connections of all ports together are limited, also of a port that was given back', async () => {
  const server = createServer((socket) => socket.write('x')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const inner = server.address();
  const to = typeof inner === 'object' && inner !== null ? inner.port : 0;
  const places = new Places(1);
  const [first, second] = [await freePort('tcp'), await freePort('tcp')];
  const one = await relayTcp({ address: '::1', port: first }, to, places);
  const held = connect(first, '::1');
  await once(held, 'data');
  one.close();
  const other = await relayTcp({ address: '::1', port: second }, to, places);
  const refused = connect(second, '::1');
  refused.on('error', () => undefined);
  await once(refused, 'close');
  expect(refused.bytesRead).toBe(0);
  held.destroy();
  await expect.poll(() => places.areTaken).toBe(false);
  const taken = connect(second, '::1');
  await once(taken, 'data');
  taken.destroy();
  other.close();
  server.close();
});
