import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { type Answer, decode, encode } from 'dns-packet';
import { expect, onTestFinished, test } from 'vitest';
import { settingsOf } from '../test-support/settings.js';
import type { NameServer } from './ask-name-server.js';
import { decideByPolicy } from './decide-by-policy.js';

const from = { address: '172.17.0.2', port: 40_000 };
const never = new AbortController().signal;
const peek = (): never => expect.fail('nothing is looked at');
const many = Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`);

/** A name server whose answers to `many.example` do not fit a datagram; both on one port. */
async function nameServer(): Promise<{ readonly server: NameServer; readonly streams: () => number }> {
  let streams = 0;
  const answerOf = (query: Buffer, whole: boolean): Buffer => {
    const { id = 0, questions = [] } = decode(query);
    const [{ name, type } = { name: '', type: 'A' }] = questions;
    const answers = (type === 'A' ? many : []).map((data): Answer => ({ type: 'A', name, data, ttl: 60 }));
    const flags = whole || type !== 'A' ? 0x80 : 0x280;
    return encode({ type: 'response', id, flags, questions, answers: whole ? answers : [] });
  };
  const tcp = createServer((socket: Socket) => {
    streams += 1;
    socket.on('error', () => undefined);
    socket.once('data', (query: Buffer) => {
      const said = answerOf(query.subarray(2), true);
      socket.end(Buffer.concat([Buffer.from([said.length >> 8, said.length & 255]), said]));
    });
  });
  const udp = createSocket('udp4');
  udp.on('message', (query, { port: back }) => udp.send(answerOf(query, false), back, '127.0.0.1'));
  const port = await bothAt(tcp, udp);
  onTestFinished(() => {
    tcp.close();
    udp.close();
  });
  return { server: { address: '127.0.0.1', port }, streams: () => streams };
}

/** A port that neither of the two protocols has given to anybody else. */
async function bothAt(tcp: Server, udp: UdpSocket): Promise<number> {
  for (;;) {
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const address = tcp.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    try {
      udp.bind(port, '127.0.0.1');
      await once(udp, 'listening');
      return port;
    } catch {
      tcp.close();
      await once(tcp, 'close');
    }
  }
}

async function decider() {
  const { server, streams } = await nameServer();
  const networkAccess = {
    default: 'deny',
    rules: [{ to: 'many.example', action: 'allow' }],
  };
  const made = decideByPolicy(settingsOf({ bulkhead: { networkAccess } }), {
    nameServers: () => [server],
    system: { exclude: [] },
    hostLoopback: 'closed',
    onName: () => undefined,
  });
  made.clients.take({
    kind: 'container',
    id: 'c'.repeat(64),
    name: 'web',
    image: [],
    labels: {},
    addresses: [from.address],
  });
  return { made, streams };
}

const ask = (name: string): Buffer =>
  encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type: 'A' }] });
const framed = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);

test('an answer that does not fit is asked for by a connection, and told so that it fits', async () => {
  const { made, streams } = await decider();
  const said = await made.answer({ from, asked: '192.0.2.53', question: ask('many.example') }, never);
  expect(streams()).toBe(1);
  // To whoever asked by a datagram: that there is more.
  expect(said === undefined ? undefined : [said.length <= 512, decode(said).flag_tc]).toEqual([true, true]);
});

/** What the gateway answers on a connection to it. */
async function onStream(
  ...messages: readonly Buffer[]
): Promise<{ readonly client: Duplex; readonly got: () => Buffer }> {
  const { made } = await decider();
  const verdict = await made.decide({ from, to: { address: '203.0.113.253', port: 53 }, peek }, never);
  if (verdict.kind !== 'served') throw new Error(verdict.kind);
  const [client, served] = duplexPair();
  let got: Buffer = Buffer.alloc(0);
  client.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
  });
  verdict.serve(served, never);
  for (const message of messages) client.write(message);
  return { client, got: () => got };
}

test('on a connection the gateway answers itself, by the same rules, one question after the other', async () => {
  const whole = Buffer.concat([framed(ask('many.example')), framed(ask('shut.example'))]);
  const { client, got } = await onStream(...[...whole].map((byte) => Buffer.from([byte])));
  client.end();
  await once(client, 'end');
  const length = got().readUInt16BE(0);
  const first = decode(got().subarray(2, 2 + length));
  const second = decode(got().subarray(4 + length));
  expect(first.answers?.length).toBe(many.length);
  // There is no such name.
  expect([(second.flags ?? 0) & 15, second.answers]).toEqual([3, []]);
});

test('who asks what is no question is let go', async () => {
  const { client, got } = await onStream(framed(Buffer.from('no question')));
  await once(client, 'end');
  expect(got().length).toBe(0);
});

test('no other port of the link is anybody’s', async () => {
  const { made } = await decider();
  const to = { address: '203.0.113.253', port: 54 };
  expect(await made.decide({ from, to, peek }, never)).toMatchObject({ kind: 'refuse' });
});
