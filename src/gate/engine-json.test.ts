import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBulkheadError } from '../common/errors/bulkhead-error.js';
import { type EngineJson, foldKey, readEngineJson } from './engine-json.js';
import { type GoJson, readAsGo } from './go-json.test-support.js';
import { textOf } from './rewrite-body.js';

/** BULKHEAD_FUZZ makes the runs longer. */
const numRuns = Number(process.env['BULKHEAD_FUZZ'] ?? 3000);

const letters = [
  's',
  'k',
  'S',
  'K',
  '\u017F',
  '\u212A',
  'i',
  'I',
  '\u0130',
  '\u0131',
  'a',
  'A',
  '\u00DF',
  '\u1E9E',
  '\uFF53',
];
const key = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...letters), maxLength: 3 }) },
  fc.constantFrom('__proto__', 'constructor', '', 'binds', 'Binds', '\u{1F600}', '\u{10400}', '\u{10428}'),
);
const scalar = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1e3',
    '1E400',
    '-1e400',
    '01',
    '+1',
    '1.',
    '.5',
    '0x1',
    'NaN',
    '18446744073709551616',
    '"a"',
    "'a'",
    'nul',
  ),
  fc.double().map(String),
  key.map((text) => JSON.stringify(text)),
  fc.constantFrom(
    String.raw`"\ud800"`,
    String.raw`"\udc00\ud800"`,
    String.raw`"\ud83d\ude00"`,
    String.raw`"\u017f"`,
    String.raw`"\/"`,
    String.raw`"\x41"`,
    String.raw`"\U0041"`,
    '"\t"',
    '"\u007f"',
    '"\u2028"',
  ),
);

/** A key in one of its spellings. */
const spelt = fc.tuple(key, fc.array(fc.boolean(), { maxLength: 6 })).map(([text, which]) => {
  const inside = text
    .split('')
    .map((unit, at) =>
      which[at] === true
        ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
        : JSON.stringify(unit).slice(1, -1),
    );
  return `"${inside.join('')}"`;
});
const blank = fc.constantFrom('', '', '', ' ', '\n', '\t\r\n', '\f', '\u00A0', '\uFEFF', '/**/');

const { document } = fc.letrec<{ document: string; list: string; object: string }>((tie) => ({
  document: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('object')),
  list: fc.array(tie('document'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  object: fc
    .array(fc.tuple(blank, spelt, tie('document')), { maxLength: 4 })
    .map(
      (members) => `{${members.map(([space, name, value]) => `${space}${name}${space}:${value}`).join(',')}}`,
    ),
}));

/** A document, and one whose text was altered at a place. */
const text = fc.oneof(
  document,
  fc
    .tuple(
      document,
      fc.nat(200),
      fc.nat(3),
      fc.constantFrom('', ',', '}', ']', '"', '\\', '\0', ' {}', '\ud800', ':', '{', '['),
    )
    .map(([whole, at, length, put]) => {
      const place = at % (whole.length + 1);
      return whole.slice(0, place) + put + whole.slice(place + length);
    }),
);

function read(json: string): EngineJson | undefined {
  try {
    return readEngineJson(json).folded;
  } catch (error) {
    if (isBulkheadError(error) && error.code === 'BH_GATE_BODY') return undefined;
    throw error;
  }
}

/** What ours must give for it; undefined where it must refuse, because Go merges two members, or because of a limit of ours. */
function expected(value: GoJson): EngineJson | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string') return value.includes('\uFFFD') ? undefined : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map(expected);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const members = new Map<string, EngineJson>();
  for (const [name, item] of value.members) {
    const folded = expected(item);
    if (folded === undefined || name.includes('\uFFFD')) return undefined;
    // Matching without regard to case is what regular expressions call simple folding, and Go as well.
    const same = [...members.keys()].some((other) => foldKey(other) === foldKey(name));
    if (same) return undefined;
    members.set(foldKey(name), folded);
  }
  return members;
}

test(
  'every document is read as Go reads it, or not at all, and none that Go reads in one way is refused',
  { timeout: 120_000 },
  () => {
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(text, (json) => {
        const go = readAsGo(json);
        const ours = read(json);
        if (ours === undefined) seen.refused += 1;
        else seen.read += 1;
        expect(ours).toEqual(go === undefined ? undefined : expected(go));
      }),
      { numRuns },
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(numRuns / 10);
  },
);

describe('keys', () => {
  test('every character stands for those ASCII letters for which it does in Go', { timeout: 120_000 }, () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0x10_ff_ff; code += 1) {
      if (code >= 0xd8_00 && code <= 0xdf_ff) continue;
      const character = String.fromCodePoint(code);
      const letter = foldKey(character);
      // `iu`: simple case folding of Unicode, which unicode.SimpleFold goes round.
      const forLetter = /^[a-z]$/iu.test(character);
      if (forLetter ? !new RegExp(`^${letter}$`, 'iu').test(character) : /^[a-z]$/.test(letter))
        wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  test.each([
    ['{"a":1,"A":2}', 'a'],
    ['{"s":1,"\u017F":2}', 's'],
    [String.raw`{"k":1,"\u212a":2}`, 'k'],
    ['{"x":{"y":[{"b":1,"B":1}]}}', 'b'],
    ['{"__proto__":1,"__PROTO__":2}', '__proto__'],
    ['{"":1,"":2}', ''],
  ])('%s has the key %j twice', (json, name) => {
    expect(() => readEngineJson(json)).toThrow(`the key ${name} twice`);
  });

  test('a value that looks like a key is none', () => {
    expect(read('{"a":"b","b":"a","c":[{"a":1},{"a":2}]}')).toBeDefined();
    expect(read(String.raw`{"a":"\",\"a\":","b":"{\"b\":1}"}`)).toBeDefined();
  });
});

test('a text nested deeper than any request is refused, whatever it is made of', () => {
  const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  expect(read(nested(60))).toBeDefined();
  expect(read(nested(70))).toBeUndefined();
  expect(read(nested(100_000))).toBeUndefined();
  expect(read(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`)).toBeUndefined();
});

test('bytes are text if and only if they are UTF-8', { timeout: 120_000 }, () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc
      .tuple(
        fc.string({ unit: 'binary' }),
        fc.constantFrom(0x80, 0xc0, 0xe0, 0xed, 0xf4, 0xf8, 0xff),
        fc.nat(20),
      )
      .map(([words, byte, at]) => {
        const whole = Buffer.from(words);
        return whole.length === 0 ? whole : Buffer.from(whole.with(at % whole.length, byte));
      }),
  );
  fc.assert(
    fc.property(bytes, (sent) => {
      const given = Buffer.from(sent);
      const decoded = ((): string | undefined => {
        try {
          return textOf(given);
        } catch {
          return undefined;
        }
      })();
      expect(decoded !== undefined && given.equals(Buffer.from(decoded))).toBe(isUtf8(given));
    }),
    { numRuns: numRuns / 5 },
  );
});

test('more values than any request has are refused before they are made', () => {
  const many = (count: number): string => `{"a":[${'{},'.repeat(count)}0]}`;
  expect(() => readEngineJson(many(200_000))).toThrow(/more than 200000 values/);
  expect(() => readEngineJson(many(90_000))).not.toThrow();
});
