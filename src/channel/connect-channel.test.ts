import type { AuditQuery } from '../common/audit-event.js';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { performServerHandshake } from 'node:http2';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../common/system-clock.js';
import type { LogQuery } from './channel.js';
import { chunksOf } from './chunks.js';
import { connectChannel } from './connect-channel.js';
import { greetHost } from './handshake.js';
import { openSession } from './test-support/session.js';
import { readAll, socketPair } from './test-support/streams.js';

/** The guest's side of the next /engine stream. */
function engineStream(): { engine: (stream: Duplex) => void; opened: Promise<Duplex> } {
  const { promise, resolve } = Promise.withResolvers<Duplex>();
  return { engine: resolve, opened: promise };
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const cut = /before its end|is closed/;

async function openStream() {
  const { engine, opened } = engineStream();
  const session = await openSession({ engine });
  const host = await session.channel.openEngine();
  return { ...session, near: host, far: await opened };
}

test('half-close by the host leaves the other direction running', async () => {
  const { near, far } = await openStream();
  near.end('question');
  expect((await readAll(far)).toString()).toBe('question');
  far.write('late ');
  far.end('answer');
  expect((await readAll(near)).toString()).toBe('late answer');
});

test('half-close by the guest leaves the other direction running', async () => {
  const { near, far } = await openStream();
  far.end('greeting');
  expect((await readAll(near)).toString()).toBe('greeting');
  near.write('more ');
  near.end('bytes');
  expect((await readAll(far)).toString()).toBe('more bytes');
});

for (const [name, error] of [
  ['without', undefined],
  ['with', new Error('gone')],
] as const) {
  test(`an abort by the host ${name} an error is an error and no end at the guest`, async () => {
    const { near, far } = await openStream();
    far.write('x');
    await once(near, 'readable');
    near.destroy(error);
    await expect(readAll(far)).rejects.toThrow(cut);
  });

  test(`an abort by the guest ${name} an error is an error and no end at the host`, async () => {
    const { near, far } = await openStream();
    far.write('first half');
    far.destroy(error);
    await expect(readAll(near)).rejects.toThrow(cut);
  });

  test(`an abort by the guest ${name} an error after the host's half-close is no end either`, async () => {
    const { near, far } = await openStream();
    near.end();
    await readAll(far);
    far.write('first half');
    far.destroy(error);
    await expect(readAll(near)).rejects.toThrow(cut);
  });
}

test('a guest that ended in order and then refuses the rest loses nothing it sent', async () => {
  const { near, far } = await openStream();
  const answer = randomBytes(500_000);
  far.end(answer);
  await once(far, 'finish');
  const closed = new Promise((resolve) => near.once('close', resolve));
  far.destroy();
  expect((await readAll(near)).equals(answer)).toBe(true);
  await closed;
  expect(near.writable).toBe(false);
});

test('200 connections at once keep their bytes apart', async () => {
  const { channel } = await openSession();
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const sent = randomBytes(100_000);
      const stream = await channel.openEngine();
      stream.end(sent);
      const received = await readAll(stream);
      expect(digest(received)).toBe(digest(sent));
    }),
  );
});

test('both sides writing all they can do not wait for each other', async () => {
  const block = randomBytes(4_000_000);
  const far: Promise<Buffer>[] = [];
  const { channel } = await openSession({
    engine(stream) {
      far.push(readAll(stream));
      stream.end(block);
    },
  });
  const near = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const stream = await channel.openEngine();
      stream.end(block);
      return await readAll(stream);
    }),
  );
  for (const bytes of [...near, ...(await Promise.all(far))]) expect(bytes.equals(block)).toBe(true);
});

test('readers that never read do not stall the others', async () => {
  const block = randomBytes(1_000_000);
  const { channel } = await openSession({
    engine(stream) {
      stream.resume();
      const send = (left: number): void => {
        if (left === 0) stream.end();
        else if (stream.write(block)) send(left - 1);
        else stream.once('drain', () => send(left - 1));
      };
      send(10);
    },
  });
  const stalled = await Promise.all(Array.from({ length: 100 }, () => channel.openEngine()));
  const sizes = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const stream = await channel.openEngine();
      stream.end();
      let size = 0;
      for await (const chunk of chunksOf(stream)) size += chunk.length;
      return size;
    }),
  );
  expect(new Set(sizes)).toEqual(new Set([10_000_000]));
  for (const stream of stalled) expect(stream.readableLength).toBeLessThan(2_000_000);
  const late = await Promise.all(stalled.slice(0, 1).map(readAll));
  expect(late.map((bytes) => bytes.length)).toEqual([10_000_000]);
});

test('more than a thousand streams may be open, and as many be aborted', async () => {
  const { channel } = await openSession();
  const streams = await Promise.all(Array.from({ length: 1_500 }, () => channel.openEngine()));
  await Promise.all(
    streams.map(async (stream) => {
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.destroy();
      await closed;
    }),
  );
  expect(await channel.status()).toEqual({ well: true });
});

test('the end of the session cuts every stream and later requests are refused', async () => {
  const { channel, served, near, far } = await openStream();
  await served.close();
  await expect(readAll(near)).rejects.toThrow(cut);
  await expect(readAll(far)).rejects.toThrow(cut);
  expect(await channel.closed).toEqual({ reason: 'peer-closed' });
  await expect(channel.openEngine()).rejects.toMatchObject({ code: 'BH_CHANNEL_CLOSED' });
});

test('a byte stream that breaks in the middle of a transfer is no end of the transfer', async () => {
  const { channel, guest, near, far } = await openStream();
  far.write(randomBytes(500_000));
  await once(near, 'readable');
  guest.destroy();
  await expect(readAll(near)).rejects.toThrow(cut);
  expect(await channel.closed).toEqual({ reason: 'peer-closed' });
});

test('bytes that are not HTTP/2 end the session as failed', async () => {
  const { served, host } = await openSession();
  host.write('bulkhead-channel/1 00000000000000000000000000000000\n');
  expect(await served.closed).toMatchObject({ reason: 'failed' });
});

test('status carries the JSON value and reports a handler that failed', async () => {
  let healthy = true;
  const { channel } = await openSession({
    status: async () => {
      if (!healthy) throw new Error('no');
      return { phase: 'engine-ready', list: [1, null] };
    },
  });
  expect(await channel.status()).toEqual({ phase: 'engine-ready', list: [1, null] });
  healthy = false;
  await expect(channel.status()).rejects.toMatchObject({ code: 'BH_CHANNEL_REPLY', params: { status: 500 } });
});

test('a status that is no JSON is a bad reply', async () => {
  const { channel } = await openSession({ status: async () => undefined });
  await expect(channel.status()).rejects.toMatchObject({ code: 'BH_CHANNEL_REPLY' });
});

test('logs carries the query and the lines, also those that do not fit one chunk', async () => {
  const queries: LogQuery[] = [];
  const long = 'ä'.repeat(100_000);
  const { channel } = await openSession({
    async *logs(query) {
      queries.push(query);
      yield* ['{"a":1}', '', long];
    },
  });
  const lines: string[] = [];
  for await (const line of channel.logs({ service: 'dockerd', follow: true })) lines.push(line);
  expect(lines).toEqual(['{"a":1}', '', long]);
  expect(queries).toEqual([{ service: 'dockerd', follow: true }]);
});

test('the audit log is asked for with its own query', async () => {
  const queries: AuditQuery[] = [];
  const { channel } = await openSession({
    async *audit(query) {
      queries.push(query);
      yield '{"kind":"lost"}';
    },
  });
  const query = { follow: true, since: '2026-11-21T10:00:00.000Z' };
  const lines: string[] = [];
  for await (const line of channel.audit(query)) lines.push(line);
  expect(lines).toEqual(['{"kind":"lost"}']);
  expect(queries).toEqual([query]);
});

test('a follower that leaves, or is aborted, stops the guest following', async () => {
  const stopped: Promise<void>[] = [];
  const { channel } = await openSession({
    async *logs(_query, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      stopped.push(promise);
      signal.addEventListener('abort', () => resolve());
      yield 'one';
      await promise;
    },
  });
  for await (const line of channel.logs({ follow: true })) {
    expect(line).toBe('one');
    break;
  }
  const controller = new AbortController();
  const following = channel.logs({ follow: true }, controller.signal)[Symbol.asyncIterator]();
  expect(await following.next()).toEqual({ done: false, value: 'one' });
  controller.abort(new Error('enough'));
  await expect(following.next()).rejects.toThrow('enough');
  await Promise.all(stopped);
  expect(stopped).toHaveLength(2);
});

test('power-off answers before the guest stops', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { channel } = await openSession({ powerOff: async () => resolve('stopping') });
  await channel.powerOff();
  expect(await promise).toBe('stopping');
});

test('an aborted request rejects with the reason of the signal', async () => {
  const { channel } = await openSession({ status: () => new Promise(() => undefined) });
  const reason = new Error('changed my mind');
  await expect(channel.status(AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const waiting = channel.status(controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test('a guest that begins an answer and never ends it holds up nobody', async () => {
  const [host, guest] = await socketPair();
  const [channel] = await Promise.all([
    connectChannel(host, { clock: systemClock }),
    greetHost(guest, { clock: systemClock }).then(() => {
      performServerHandshake(guest).on('stream', (stream) => {
        stream.on('error', () => undefined).respond({ ':status': 200 });
        stream.write('{');
      });
    }),
  ]);
  onTestFinished(async () => channel.close());
  const reason = new Error('waited long enough');
  const abort = new AbortController();
  const status = channel.status(abort.signal);
  // The answer to another request comes after this one's beginning.
  await channel.openEngine();
  abort.abort(reason);
  await expect(status).rejects.toBe(reason);
});

test('a question to be explained arrives whole and its answer comes back', async () => {
  const long = 'ä'.repeat(500_000);
  const { channel } = await openSession({ explain: async (question) => ({ asked: question }) });
  expect(await channel.explain({ create: long })).toEqual({ asked: { create: long } });
});
