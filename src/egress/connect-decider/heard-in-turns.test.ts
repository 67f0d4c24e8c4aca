import { once } from 'node:events';
import { createServer } from 'node:https';
import { type Duplex, duplexPair } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { ClientTurns } from '../client-turns.js';
import { bogusChain } from '../test-support/bogus-chain.js';
import { askRegistry } from './ask-registry.js';
import { at, atOnce } from './connect-decider.test-support.js';
import { HeardInTurns, type Turn } from './heard-in-turns.js';

function connection(turn: Turn = atOnce.turn): { readonly heard: HeardInTurns; readonly server: Duplex } {
  const [plain, server] = duplexPair();
  plain.on('error', () => undefined);
  return { heard: new HeardInTurns(plain, turn), server };
}

test('what each of several servers says is heard in turns by client, and nothing between', async () => {
  const turns = new ClientTurns({ waiting: Infinity });
  const order: string[] = [];
  const say = async (name: string, pieces: number): Promise<void> => {
    const { heard, server } = connection((work) => turns.take(name.slice(0, 1), work));
    let count = 0;
    heard.stream.on('data', () => {
      count += 1;
      order.push(name);
      if (count === pieces) server.end();
      else server.write('more');
    });
    server.write('one');
    await once(heard.stream, 'end');
  };
  await Promise.all([
    ...['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map(async (name) => say(name, 4)),
    say('b1', 4),
  ]);
  expect(order).toHaveLength(28);
  const honest = order.flatMap((name, index) => (name === 'b1' ? [index] : []));
  // Of the six that the other has one is heard in between, and not each of them; and what b says takes a moment.
  const between = honest.slice(1).map((index, nth) => index - (honest[nth] ?? 0) - 1);
  expect(Math.max(...between)).toBeLessThan(4);
});

test('no more is heard of a greeting than real ones have, and all that comes after it', async () => {
  const { heard, server } = connection();
  const pieces: number[] = [];
  heard.stream.on('data', (piece: Buffer) => pieces.push(piece.length));
  server.write(Buffer.alloc(32 << 10));
  await expect.poll(() => pieces).toEqual([32 << 10]);
  heard.greeted();
  server.write(Buffer.alloc(40_000));
  await expect.poll(() => pieces).toEqual([32 << 10, 40_000]);
  const other = connection();
  other.heard.stream.on('data', () => pieces.push(0));
  other.server.write(Buffer.alloc((32 << 10) + 1));
  await expect(once(other.heard.stream, 'end')).rejects.toThrow('what it greets with is too long');
  expect(pieces).toEqual([32 << 10, 40_000]);
});

test('a chain of more certificates than real ones have is not verified', async () => {
  const asked = async (certificates: number): Promise<string> => {
    const server = createServer(bogusChain(certificates), (_, response) => response.end('<html>'));
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    onTestFinished(() => server.close().closeAllConnections());
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return askRegistry({ scheme: 'https', host: 'a.example', port, addresses: [at('127.0.0.1')] }, atOnce);
  };
  expect(await asked(2)).toBe('none');
  await expect(asked(40)).rejects.toThrow('what it greets with is too long');
});
