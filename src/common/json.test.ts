import { describe, expect, it } from 'vitest';
import { parseJson, stringifyJson } from './json.js';

describe('parseJson and stringifyJson', () => {
  it.each([
    '{"hard":18446744073709551615}',
    '{"limit":-9223372036854775808}',
    '[9007199254740993,9007199254740991,-1,0]',
    '{"a":{"b":[{"c":9223372036854771712}]},"id":"18446744073709551615"}',
  ])('give %s back digit by digit', (text) => {
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  it('give bigint only where a number would lose digits', () => {
    expect(parseJson('[18446744073709551615, 9007199254740991, 1.5, 1e3]')).toEqual([
      18_446_744_073_709_551_615n,
      9_007_199_254_740_991,
      1.5,
      1000,
    ]);
  });

  it('let the last of repeated keys count, as Go does', () => {
    expect(parseJson('{"soft":1,"soft":18446744073709551615}')).toEqual({
      soft: 18_446_744_073_709_551_615n,
    });
  });
});
