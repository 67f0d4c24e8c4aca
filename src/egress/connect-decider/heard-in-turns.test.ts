import { once } from 'node:events';
import { createServer } from 'node:https';
import { type Duplex, duplexPair } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { codeOf } from '../../common/cause.js';
import { ClientTurns } from '../client-turns.js';
import { bogusChain } from '../test-support/bogus-chain.js';
import { askRegistry } from './ask-registry.js';
import { at, atOnce } from './connect-decider.test-support.js';
import { HeardInTurns, type Turn } from './heard-in-turns.js';

function connection(turn: Turn = atOnce.turn): Record<'plain' | 'server', Duplex> & { heard: HeardInTurns } {
  const [plain, server] = duplexPair();
  plain.on('error', () => undefined);
  return { heard: new HeardInTurns(plain, turn), plain, server };
}

test('what each of several servers says is heard in turns by client, and nothing between', async () => {
  const turns = new ClientTurns({ waiting: Infinity });
  const order: string[] = [];
  const say = async (name: string, pieces: number): Promise<void> => {
    const { heard, server } = connection((work) => turns.take(name.slice(0, 1), work));
    let count = 0;
    heard.on('data', () => {
      count += 1;
      order.push(name);
      if (count === pieces) server.end();
      else server.write('more');
    });
    server.write('one');
    await once(heard, 'end');
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
  heard.on('data', (piece: Buffer) => pieces.push(piece.length));
  server.write(Buffer.alloc(32 << 10));
  await expect.poll(() => pieces).toEqual([32 << 10]);
  heard.greeted();
  server.write(Buffer.alloc(40_000));
  await expect.poll(() => pieces).toEqual([32 << 10, 40_000]);
  const other = connection();
  other.heard.on('data', () => pieces.push(0));
  other.server.write(Buffer.alloc((32 << 10) + 1));
  await expect(once(other.heard, 'end')).rejects.toThrow('what it greets with is too long');
  expect(pieces).toEqual([32 << 10, 40_000]);
});

test('what was said before a connection broke off is heard at its turns, and the end behind it', async () => {
  const turns: (() => Promise<void>)[] = [];
  const { heard, plain, server } = connection((work) => turns.push(work));
  const told: string[] = [];
  heard.on('data', (piece: Buffer) => told.push(piece.toString()));
  heard.on('error', (error) => told.push(error.message));
  server.write('an answer');
  server.write('its end');
  await expect.poll(() => turns.length).toBe(1);
  plain.destroy(new Error('ECONNRESET'));
  await expect.poll(() => plain.closed).toBe(true);
  heard.write('what nobody reads any more');
  expect(told).toEqual([]);
  await turns[0]?.();
  await expect.poll(() => turns.length).toBe(2);
  await turns[1]?.();
  await expect.poll(() => told).toEqual(['an answer', 'its end', 'ECONNRESET']);
});

test('where something may not have been read nobody says that the server said nothing', async () => {
  const end = async (error: Error, isPaused: boolean): Promise<unknown> => {
    const { heard, plain } = connection();
    heard.resume();
    if (isPaused) plain.pause();
    plain.destroy(error);
    const told: unknown[] = await once(heard, 'error');
    return told[0];
  };
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET', syscall: 'read' });
  expect(await end(reset, false)).toBe(reset);
  const writing = Object.assign(new Error('reset'), { code: 'ECONNRESET', syscall: 'write' });
  for (const told of [await end(reset, true), await end(writing, false)]) {
    expect(told).toMatchObject({ message: 'it broke off before all was heard' });
    // By which it would be a server's that says nothing.
    expect(codeOf(told)).toBeUndefined();
  }
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
