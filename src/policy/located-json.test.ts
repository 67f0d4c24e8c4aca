import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonProblem, parseLocatedJson } from './located-json.js';

function problem(text: string): { reason: string; at: string; path: string } {
  try {
    parseLocatedJson(text);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    const { line, column } = error.position;
    return { reason: error.message, at: `${line}:${column}`, path: error.path.join('.') };
  }
  throw new Error('it was taken');
}

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonProblem) return false;
    throw error;
  }
}

describe('parseLocatedJson', () => {
  test('gives what JSON.parse gives, for every document without a key twice', () => {
    const key = fc.string().filter((text) => text !== '__proto__');
    const document = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
        fc.string(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc
          .uniqueArray(fc.tuple(key, tie('value')), {
            maxLength: 4,
            selector: ([name]) => name.toLowerCase(),
          })
          .map((entries) => Object.fromEntries(entries)),
      ),
    })).value;
    fc.assert(
      fc.property(document, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.stringify(parseLocatedJson(text).value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('refuses every text that JSON.parse refuses', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '01',
      '.5',
      '1e',
      'true',
      'nul',
      '"',
      '\\',
      ' ',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 9 }), (parts) => {
        const text = parts.join('');
        fc.pre(!accepts(() => JSON.parse(text)));
        expect(accepts(() => parseLocatedJson(text))).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['{"a": 1,\n}', 'a comma before }', '1:8', ''],
    ['[1,]', 'a comma before ]', '1:3', ''],
    ['{"a": {"b": tru', '"t" stands where a value should be', '1:13', 'a.b'],
    ['{"a": {"b": true', 'the file ends where , or } should be', '1:17', 'a'],
    ['', 'the file ends where a value should be', '1:1', ''],
    ['\uFEFF{}', 'it begins with a byte order mark', '1:1', ''],
    ['{"a": 1,\n  "A": 2}', 'this key stands here twice', '2:3', 'A'],
    ['{"a": [1, 2 3]}', '"3" stands where , or ] should be', '1:13', 'a'],
    ["{'a': 1}", '"\'" stands where a key should be', '1:2', ''],
    ['{"a" 1}', '"1" stands where a colon should be', '1:6', 'a'],
    ['{"a": "b', 'a string that is not closed, or holds what JSON does not allow', '1:7', 'a'],
    ['{} {}', '"{" stands after the end of the document', '1:4', ''],
    ['{"a": 1} // why', '"/" stands after the end of the document', '1:10', ''],
  ])('%j: %s', (text, reason, at, path) => {
    expect(problem(text)).toEqual({ reason, at, path });
  });

  test('bounds nesting, and does not overflow the stack on 10 MB of brackets', () => {
    expect(problem('['.repeat(10_000_000)).reason).toBe('it is nested deeper than 32');
    expect(parseLocatedJson(`${'['.repeat(32)}${']'.repeat(32)}`).value).toHaveLength(1);
  });

  test('knows where keys and items stand', () => {
    const { positionOf } = parseLocatedJson('{\n  "a": {\n    "b": [10,\n  20]}}');
    expect(positionOf(['a', 'b'])).toEqual({ line: 3, column: 5 });
    expect(positionOf(['a', 'b', 1])).toEqual({ line: 4, column: 3 });
    expect(positionOf(['a', 'missing', 'deeper'])).toEqual({ line: 2, column: 3 });
    expect(positionOf(['nowhere'])).toEqual({ line: 1, column: 1 });
  });

  test('takes __proto__ for a key like any other', () => {
    expect(JSON.stringify(parseLocatedJson('{"__proto__": 1}').value)).toBe('{"__proto__":1}');
  });
});
