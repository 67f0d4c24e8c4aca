import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { joinStreams } from './join-streams.js';

/** A connection of this machine's with itself. */
async function pair(): Promise<[Socket, Socket]> {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const far = connect({
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const near = await accepted;
  listener.close();
  far.on('error', () => undefined);
  onTestFinished(() => void far.destroy());
  return [far, near];
}

/** Two of them, joined in the middle: `client` and `server` are the far ends. */
async function joined() {
  const [[client, one], [server, other]] = await Promise.all([pair(), pair()]);
  let count = 0;
  const broken = new Promise<void>((resolve) => {
    joinStreams(one, other, () => {
      count += 1;
      resolve();
    });
  });
  return { client, server, broken, count: () => count };
}

test('each direction ends for itself, when all of it has come', async () => {
  const { client, server } = await joined();
  const question = 'q'.repeat(300_000);
  client.end(question);
  expect(await text(server)).toBe(question);
  server.end('a'.repeat(300_000));
  expect((await text(client)).length).toBe(300_000);
});

test('that a side broke off is told once, and the other is let go', async () => {
  for (const breaks of ['client', 'server'] as const) {
    const ends = await joined();
    const left = ends[breaks === 'client' ? 'server' : 'client'];
    const over = once(left.resume(), 'end');
    ends[breaks].resetAndDestroy();
    await over;
    left.end('nobody reads this');
    await ends.broken;
    expect(ends.count()).toBe(1);
  }
});

test('a side that broke off before they are joined is told as well', async () => {
  const [[client, one], [server, other]] = await Promise.all([pair(), pair()]);
  other.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => other.once('close', () => resolve()));
  server.resetAndDestroy();
  await closed;
  let count = 0;
  joinStreams(one, other, () => {
    count += 1;
  });
  await once(client.resume(), 'end');
  expect(count).toBe(1);
});
