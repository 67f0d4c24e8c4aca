import { type Answer, decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipAddressText } from '../../common/ip-address.js';
import { type DnsQuestion, rcodes, readAnswer, readQuestion, writeAnswer, writeQuestion } from './index.js';

const ask = (name: string, type: 'A' | 'AAAA' | 'TXT' | 'MX' = 'A', flags = 0x100): Buffer =>
  encode({ type: 'query', id: 7, flags, questions: [{ name, type, class: 'IN' }] });
const question: DnsQuestion = {
  id: 7,
  name: 'a.example',
  asked: 'A.Example',
  type: 'A',
  recursion: true,
  longest: 512,
  extended: false,
};
const a = (name: string, data: string, ttl = 60): Answer => ({
  type: 'A',
  name,
  data,
  ttl,
  class: 'IN',
  flush: false,
});
const alias = (name: string, data: string, ttl = 60): Answer => ({
  type: 'CNAME',
  name,
  data,
  ttl,
  class: 'IN',
  flush: false,
});
const answer = (
  answers: readonly Answer[],
  more: { id?: number; name?: string; flags?: number } = {},
): Buffer =>
  encode({
    type: 'response',
    id: more.id ?? 9,
    flags: more.flags ?? 0x80,
    questions: [{ name: more.name ?? 'a.example', type: 'A', class: 'IN' }],
    answers: [...answers],
  });
const read = (bytes: Uint8Array) => readAnswer(bytes, 9, { name: 'a.example', type: 'A' });
const texts = (bytes: Uint8Array): readonly string[] => read(bytes)?.addresses.map(ipAddressText) ?? ['none'];

describe('a question', () => {
  test('is read with the capitals it has', () => {
    expect(readQuestion(ask('A.Example'))).toEqual(question);
    expect(readQuestion(ask('_x._tcp.a.example', 'TXT', 0))).toMatchObject({
      name: '_x._tcp.a.example',
      type: 'TXT',
      recursion: false,
    });
    const extended = encode({
      type: 'query',
      id: 7,
      questions: [{ name: 'a.example', type: 'A' }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 4096,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    });
    expect(readQuestion(extended)).toMatchObject({ longest: 1232, extended: true });
  });

  /** A query with these others behind it, so many bytes of them. */
  const besides = (count: number, bytes = 0): Buffer => {
    const data = Buffer.alloc(bytes);
    const additionals = Array.from({ length: count }, () => ({ ...a('x', ''), type: 'NULL' as const, data }));
    return encode({ type: 'query', questions: [{ name: 'a.example', type: 'A' }], additionals });
  };

  test('may have some things besides, and no more', () => {
    expect(readQuestion(besides(2))).toMatchObject({ name: 'a.example' });
    expect(readQuestion(besides(1, 1100))).toMatchObject({ name: 'a.example' });
  });

  /** A query for these labels, whatever is in them. */
  const raw = (...labels: readonly string[]): Buffer =>
    Buffer.concat([
      ask('x').subarray(0, 12),
      ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
      Buffer.from([0, 0, 1, 0, 1]),
    ]);

  test.each([
    ['nothing', () => Buffer.alloc(0)],
    ['an answer', () => answer([])],
    ['no question', () => encode({ type: 'query', id: 7 })],
    [
      'two questions',
      () =>
        encode({
          type: 'query',
          questions: [
            { name: 'a', type: 'A' },
            { name: 'b', type: 'A' },
          ],
        }),
    ],
    ['an update', () => ask('a.example', 'A', 5 << 11)],
    ['another class', () => encode({ type: 'query', questions: [{ name: 'a', type: 'TXT', class: 'CH' }] })],
    [
      'answers in it',
      () =>
        encode({
          type: 'query',
          questions: [{ name: 'a.example', type: 'A' }],
          answers: [a('a.example', '10.0.0.1')],
        }),
    ],
    ['the root', () => ask('.')],
    ['a label with a dot', () => raw('a.b', 'example')],
    ['a label that ends in a dot', () => raw('a', 'example.')],
    ['a label with a space', () => raw('a b', 'example')],
    ['a label with NUL', () => raw('a\0b', 'example')],
    ['bytes that are no text', () => raw('\xff\xfe', 'example')],
    ['an address', () => raw('10', '0', '0', '5')],
    ['a name cut off', () => ask('a.example').subarray(0, 16)],
    ['more besides than EDNS and a signature', () => besides(3)],
    ['more bytes than a datagram has', () => besides(1, 1300)],
  ])('%s is none', (_what, bytes) => {
    expect(readQuestion(bytes())).toBeUndefined();
  });

  test('the one that is handed on is ours', () => {
    expect(readQuestion(writeQuestion(3, question))).toMatchObject({ id: 3, asked: 'a.example', type: 'A' });
  });
});

describe('an answer', () => {
  test('gives the addresses of the name that was asked for, through aliases', () => {
    expect(texts(answer([a('a.example', '203.0.113.1'), a('a.example', '203.0.113.2')]))).toEqual([
      '203.0.113.1',
      '203.0.113.2',
    ]);
    const through = answer([
      a('c.example', '203.0.113.1', 5),
      alias('A.example', 'b.example', 300),
      alias('b.example', 'C.example', 60),
    ]);
    expect(read(through)).toMatchObject({ ttl: 5, rcode: 0 });
    expect(texts(through)).toEqual(['203.0.113.1']);
  });

  test('and of no other', () => {
    expect(texts(answer([a('b.example', '203.0.113.1')]))).toEqual([]);
    expect(texts(answer([alias('a.example', 'b.example'), a('c.example', '203.0.113.1')]))).toEqual([]);
    expect(texts(answer([alias('a.example', 'a.example')]))).toEqual([]);
    expect(texts(answer([alias('a.example', 'b.example'), alias('b.example', 'a.example')]))).toEqual([]);
  });

  test.each([
    ['under another id', answer([a('a.example', '203.0.113.1')], { id: 8 })],
    ['to another question', answer([a('a.example', '203.0.113.1')], { name: 'b.example' })],
    ['cut short', answer([a('a.example', '203.0.113.1')], { flags: 0x280 })],
    ['that is a question', ask('a.example')],
    ['that is damaged', answer([a('a.example', '203.0.113.1')]).subarray(0, 30)],
  ])('%s is none', (_what, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });

  test('has 128 addresses at most, the first, and whoever asked gets these alone', () => {
    const many = Array.from({ length: 300 }, (_, n) => `203.0.${n >> 8}.${n & 255}`);
    const said = answer([
      alias('a.example', 'b.example'),
      ...many.map((address, n) => a('b.example', address, n < 128 ? 60 : 1)),
    ]);
    expect(texts(said)).toEqual(many.slice(0, 128));
    // Nor does what is left out say for how long the others are good.
    expect(read(said)?.ttl).toBe(60);
    const { records = [] } = read(said) ?? {};
    const written = decode(writeAnswer(question, { rcode: 0, records }, 65_535));
    expect(written.answers?.map((record) => 'data' in record && record.data)).toEqual([
      'b.example',
      ...many.slice(0, 128),
    ]);
  });

  test('has 256 records at most, the first, and what stands behind its answers is not read', () => {
    const others = Array.from({ length: 255 }, () => a('other.example', '203.0.113.9'));
    const [one, next] = [a('a.example', '203.0.113.1'), a('a.example', '203.0.113.2')];
    expect(texts(answer([...others, one, next]))).toEqual(['203.0.113.1']);
    expect(texts(answer([...others, others[0] ?? one, one]))).toEqual([]);
    const damaged = Buffer.concat([answer([one]), Buffer.from([0xff])]);
    damaged.writeUInt16BE(60_000, 8);
    damaged.writeUInt16BE(60_000, 10);
    expect(texts(damaged)).toEqual(['203.0.113.1']);
  });

  test('with another number of questions than one is none', () => {
    const said = answer([a('a.example', '203.0.113.1')]);
    for (const count of [0, 2, 60_000]) {
      said.writeUInt16BE(count, 4);
      expect(read(said)).toBeUndefined();
    }
  });

  test('is written anew for whoever asked', () => {
    const { records = [] } =
      read(answer([a('a.example', '203.0.113.1'), a('other.example', '203.0.113.2')])) ?? {};
    const packet = decode(writeAnswer(question, { rcode: 0, records }));
    expect(packet).toMatchObject({
      id: 7,
      type: 'response',
      questions: [{ name: 'A.Example' }],
      answers: [{ data: '203.0.113.1' }],
    });
    expect(packet.answers).toHaveLength(1);
    const refused = decode(
      writeAnswer({ ...question, extended: true }, { rcode: rcodes.noSuchName, records: [] }),
    );
    expect([(refused.flags ?? 0) & 15, refused.additionals?.length]).toEqual([3, 1]);
  });

  test('that does not fit says so, and by TCP it does', () => {
    const records = Array.from({ length: 100 }, (_, n) => a('a.example', `203.0.113.${n}`));
    const packet = decode(writeAnswer(question, { rcode: 0, records }));
    expect([packet.answers?.length, (packet.flags ?? 0) & 0x200]).toEqual([0, 0x200]);
    expect(decode(writeAnswer(question, { rcode: 0, records }, 65_535)).answers).toHaveLength(100);
  });

  test('of what hides names nothing is said', () => {
    const asked = { name: 'a.example', type: 'UNKNOWN_65' };
    const bytes = Buffer.from(answer([a('a.example', '203.0.113.1')]));
    bytes.writeUInt16BE(65, 12 + 11);
    expect(readAnswer(bytes, 9, asked)?.records).toEqual([]);
  });

  test('of any bytes is read or not, and what is read can be written', () => {
    const sound = answer([alias('a.example', 'b.example'), a('b.example', '203.0.113.1')]);
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.nat(sound.length), (changes, length) => {
        const bytes = Buffer.from(sound);
        for (const [at, value] of changes) bytes[at] = value;
        const result = read(bytes.subarray(0, length === 0 ? undefined : length));
        if (result !== undefined) writeAnswer(question, result);
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        readQuestion(bytes);
        readQuestion(Buffer.concat([ask('a.example').subarray(0, 12), bytes]));
        read(bytes);
      }),
      { numRuns: 5000 },
    );
  });
});
