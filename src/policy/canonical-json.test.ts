import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.js';
import { parseLocatedJson } from './located-json.js';

const value = (text: string) => parseLocatedJson(text).value;

describe('canonicalJson', () => {
  test('writes the example of RFC 8785 §3.2.2 as §3.2.3 has it', () => {
    const text =
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}';
    expect(canonicalJson(value(text))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('sorts names by UTF-16 units, as the example of §3.2.3', () => {
    const names = ['€', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', 'ö'];
    const text = canonicalJson(Object.fromEntries(names.map((name) => [name, 0])));
    expect([...text.matchAll(/"((?:[^"\\]|\\.)*)":/g)].map(([, name]) => name)).toEqual([
      '\\r',
      '1',
      '\u0080',
      'ö',
      '€',
      '\u{1f600}',
      '\ufb33',
    ]);
  });

  test('is the same for every order and spacing', () => {
    expect(canonicalJson(value('{ "b": [1, {"d":0,"c":-0}], "a": "" }'))).toBe(
      '{"a":"","b":[1,{"c":0,"d":0}]}',
    );
    expect(canonicalJson(value('{"a":"","b":[1,{"c":0,"d":0}]}'))).toBe('{"a":"","b":[1,{"c":0,"d":0}]}');
  });

  test('keeps a member called __proto__', () => {
    expect(canonicalJson(value('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });

  test('refuses what has no form', () => {
    expect(() => canonicalJson('\ud800')).toThrow('surrogate');
    expect(() => canonicalJson({ '\udfff': 1 })).toThrow('surrogate');
    expect(() => canonicalJson(Number.POSITIVE_INFINITY)).toThrow('finite');
  });
});
