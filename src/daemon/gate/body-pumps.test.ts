import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { readAll, socketPair } from '../../channel/test-support/streams.js';
import { isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { type BodyReader, bodyReader } from '../../gate/http/body-reader.js';
import type { PumpEnd } from './body-pumps.js';
import { compiledPumps } from './body-pumps.test-support.js';

const pumps = compiledPumps();
vi.setConfig({ testTimeout: 120_000 });

interface Reading {
  readonly content: string;
  readonly outcome: string;
}

/** What bulkheadd's own parser makes of bytes, one at a time, so that what comes before something odd counts. */
function readOn(reader: BodyReader, bytes: Buffer): Reading {
  let content = '';
  try {
    for (const [at] of bytes.entries()) {
      if (reader.done) return { content, outcome: `done, ${bytes.length - at} behind it` };
      for (const part of reader.push(bytes.subarray(at, at + 1)).content) content += part.toString('latin1');
    }
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { content, outcome: `refused: ${String(error.params['reason'])}` };
  }
  return { content, outcome: reader.done ? 'done, 0 behind it' : 'not ended' };
}

/** What a pump that starts before a size has moved, and where it has stopped. */
async function pump(bytes: Buffer, cuts: readonly number[]): Promise<[Buffer, PumpEnd, Buffer]> {
  const [peer, source] = await socketPair();
  const [destination, taker] = await socketPair();
  const started = await pumps.start(source, destination);
  if (started === undefined) throw new Error('there is no pump');
  const moved = readAll(taker);
  const over = started.run({ at: 'size' });
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const piece = bytes.subarray(from, to);
    if (piece.length > 0) await new Promise((resolve) => peer.write(piece, resolve));
    from = to;
  }
  peer.end();
  const end = await over;
  const left = await readAll(source);
  destination.end();
  const all = await moved;
  for (const socket of [peer, source, destination, taker]) socket.destroy();
  return [all, end, left];
}

/** Node has no MSG_OOB; a program that inherits the socket does it. */
async function sendOutOfBand(socket: Socket): Promise<void> {
  const script = 'use Socket; open(my $s, "+<&=", 3) or die; defined(send($s, "x", MSG_OOB)) or die "$!"';
  const sender = spawn('/usr/bin/perl', ['-e', script], { stdio: ['ignore', 'inherit', 'inherit', socket] });
  await once(sender, 'exit');
  expect(sender.exitCode).toBe(0);
}

/** As much as that, in however many pieces. */
async function readText(stream: Socket, length: number): Promise<string> {
  let text = '';
  for (;;) {
    // Not by its events: between two of them a stream goes on, and what nobody listens to is lost.
    const piece: unknown = stream.read();
    if (Buffer.isBuffer(piece)) text += piece.toString('latin1');
    if (text.length >= length) return text;
    if (piece === null) await once(stream, 'readable');
  }
}

function chunk(content: Buffer, header: string): Buffer {
  return Buffer.concat([Buffer.from(header), content, Buffer.from('\r\n')]);
}

const goodChunk = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.boolean(), fc.nat(5))
  .map(([bytes, upper, zeros]) => {
    const digits = `${'0'.repeat(zeros)}${bytes.length.toString(16)}`;
    return chunk(Buffer.from(bytes), `${upper ? digits.toUpperCase() : digits}\r\n`);
  });
const oddChunk = fc
  .constantFrom(
    '000000001\r\n',
    '0x1\r\n',
    '1\n',
    '1;a=b\r\n',
    '+1\r\n',
    ' 1\r\n',
    '1 \r\n',
    '1\r',
    'g\r\n',
    '\r\n',
    '0\r\nA: b\r\n',
    '2\r\n',
  )
  .map((header) => chunk(Buffer.from('a'), header));
const body = fc
  .tuple(fc.array(goodChunk, { maxLength: 6 }), fc.option(oddChunk), fc.boolean())
  .map(([good, odd, ended]) =>
    Buffer.concat([...good, odd ?? Buffer.alloc(0), Buffer.from(ended ? '0\r\n\r\nGET / HTTP/1.1\r\n' : '')]),
  );
const bytesAndCuts = body.chain((bytes) =>
  fc.record({
    /** As it is, cut off, or with one byte changed. */
    bytes: fc.oneof(
      fc.constant(bytes),
      fc.nat(bytes.length).map((length) => bytes.subarray(0, length)),
      fc
        .tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.constantFrom(...Buffer.from('\r\n0;a x')))
        .map(([at, byte]) => {
          const changed = Buffer.from(bytes);
          if (at < changed.length) changed[at] = byte;
          return changed;
        }),
    ),
    cuts: fc.uniqueArray(fc.nat(bytes.length), { maxLength: 4 }).map((cuts) => cuts.sort((a, b) => a - b)),
  }),
);

test('a pump and the parser behind it make of any bytes what the parser makes of them', async () => {
  await fc.assert(
    fc.asyncProperty(bytesAndCuts, async ({ bytes, cuts }) => {
      const [moved, end, left] = await pump(bytes, cuts);
      const alone = readOn(bodyReader('chunked'), bytes);
      const first = bodyReader('chunked');
      const before = readOn(first, moved);
      // Nothing but whole chunks, of which the last may want its end.
      expect(before.outcome).toBe('not ended');
      expect(['source-ended', 'behind-content', 'before-size']).toContain(end);
      const at = end === 'source-ended' ? undefined : end === 'behind-content' ? 'end' : 'size';
      if (at !== undefined) first.goTo(at);
      const second = readOn(first, left);
      expect({ content: before.content + second.content, outcome: second.outcome }).toEqual(alone);
      expect(at === undefined ? left.length : 0).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test('no byte of framing the source sent reaches the destination: what is there of several chunks becomes one', async () => {
  const [moved, end] = await pump(Buffer.from('00A\r\n0123456789\r\n000b\r\n0123456789a\r\n0\r\n\r\n'), []);
  expect(String(moved)).toBe('15\r\n01234567890123456789a\r\n');
  expect(end).toBe('before-size');
});

test('a chunk has its end before its source says more, and not before the source has ended it', async () => {
  const [peer, source] = await socketPair();
  const [destination, taker] = await socketPair();
  const started = await pumps.start(source, destination);
  const over = started?.run({ at: 'size' });
  const reads = async (wanted: string): Promise<void> =>
    expect(await readText(taker, wanted.length)).toBe(wanted);
  peer.write('5\r\nab');
  await reads('2\r\nab\r\n');
  peer.write('cde');
  await reads('3\r\ncde');
  peer.write('\r\n');
  await reads('\r\n');
  peer.write('1\r\nf');
  await reads('1\r\nf');
  peer.write('X');
  expect(await over).toBe('behind-content');
});

test.each(['content', 'end', 'size'] as const)(
  'an out-of-band byte, behind which a socket is readable and gives nothing, ends the pump: at %s',
  async (at) => {
    const [peer, source] = await socketPair();
    const [destination] = await socketPair();
    const started = await pumps.start(source, destination);
    const over = started?.run(at === 'content' ? { at, left: 10 } : { at });
    // One that is there before the pump has looked for the first time is dropped by splice(2), and the pump waits, as it should.
    const sendUntilOver = async (): Promise<void> => {
      await sendOutOfBand(peer);
      const ended = await Promise.race([
        over,
        new Promise((resolve) => setImmediate(() => resolve(undefined))),
      ]);
      if (ended === undefined) await sendUntilOver();
    };
    await sendUntilOver();
    expect(await over).toBe('source-ended');
  },
);

test('a pump whose destination has gone ends, though nothing comes from the source', async () => {
  const [, source] = await socketPair();
  const [destination, taker] = await socketPair();
  const started = await pumps.start(source, destination);
  const over = started?.run({ at: 'counted', left: 1000 });
  taker.destroy();
  expect(await over).toBe('destination-gone');
});

test('of two chunks behind content the first end is not written twice', async () => {
  const [peer, source] = await socketPair();
  const [destination, taker] = await socketPair();
  const started = await pumps.start(source, destination);
  const over = started?.run({ at: 'written-end' });
  peer.write('\r\n1\r\na\r\n0\r\n');
  expect(await over).toBe('before-size');
  expect(await readText(taker, 6)).toBe('1\r\na\r\n');
});

test('a pump that was told nothing moves nothing and ends when it is stopped', async () => {
  const [peer, source] = await socketPair();
  const [destination] = await socketPair();
  const started = await pumps.start(source, destination);
  peer.end('bytes');
  started?.stop();
  expect(String(await readAll(source))).toBe('bytes');
});

test.each([{ at: 'content', left: 1 }, { at: 'size' }] as const)(
  'chunks of one byte, which fill a pipe long before they are much, go on: $at',
  async (start) => {
    const [peer, source] = await socketPair();
    const [destination, taker] = await socketPair();
    const chunks = `1\r\na\r\n`.repeat(20_000);
    const moved = readAll(taker);
    await new Promise((resolve) => {
      peer.write((start.at === 'size' ? '' : 'a\r\n') + chunks, resolve);
    });
    const pump = await pumps.start(source, destination);
    const over = pump?.run(start);
    peer.write('0\r\n\r\n');
    expect(await over).toBe('before-size');
    destination.end();
    const began = Buffer.from(start.at === 'size' ? '' : '1\r\n');
    const { content, outcome } = readOn(bodyReader('chunked'), Buffer.concat([began, await moved]));
    expect({ length: content.length, outcome }).toEqual({
      length: 20_000 + (start.at === 'size' ? 0 : 1),
      outcome: 'not ended',
    });
  },
);
