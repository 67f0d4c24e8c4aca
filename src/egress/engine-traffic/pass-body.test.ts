import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { passBody } from './pass-body.js';

/** An answer whose parser gives what came on its connection: the same bytes, or copies. */
class Parsed extends Readable {
  readonly socket = new EventEmitter();
  readonly #given: Iterator<Buffer>;
  readonly #copies: boolean;
  readonly came: Buffer[] = [];

  constructor(given: Iterable<Buffer>, copies: boolean) {
    super();
    this.#given = given[Symbol.iterator]();
    this.#copies = copies;
  }

  override _read(): void {
    setImmediate(() => {
      // A connection goes on for some records after it was told to pause.
      for (let record = 0; record < 4; record += 1) {
        const next = this.#given.next();
        if (next.done === true) {
          this.push(null);
          return;
        }
        this.came.push(next.value);
        this.push(this.#copies ? Buffer.from(new Uint8Array(next.value).buffer) : next.value);
        this.socket.emit('data', next.value);
      }
    });
  }
}

function* records(count: number): Generator<Buffer> {
  for (let at = 0; at < count; at += 1) yield Buffer.from(new Uint8Array(16_384).fill(at % 251).buffer);
}

const sha = (all: Iterable<Buffer>): string => {
  const hash = createHash('sha256');
  for (const one of all) hash.update(one);
  return hash.digest('hex');
};

test.each([
  ['copies', true],
  ['does not copy', false],
])('all of a body arrives, of a parser that %s, where it is taken slowly', async (_which, copies) => {
  const hash = createHash('sha256');
  const slow = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      setTimeout(done, 1);
    },
  });
  await passBody(new Parsed(records(1000), copies), slow);
  expect(hash.digest('hex')).toBe(sha(records(1000)));
});

test('what it came in is given back, and no more of that connection afterwards', async () => {
  const answer = new Parsed(records(100), true);
  await passBody(answer, new PassThrough().resume());
  await turn();
  expect(answer.came.every(({ length }) => length === 0)).toBe(true);
  const next = Buffer.from(new Uint8Array(10).buffer);
  answer.socket.emit('data', next);
  await turn();
  expect(next).toHaveLength(10);
});

test('what is a part of other memory is left as it is', async () => {
  const all = new Uint8Array(32_768).fill(7);
  const part = Buffer.from(all.buffer, 0, 16_384);
  await passBody(new Parsed([part], false), new PassThrough().resume());
  await turn();
  expect(all).toHaveLength(32_768);
});
