import { type Variation, write } from './draft.test-support.js';

type Respell = (json: string) => string | Buffer;

const json = (name: string, outcome: Variation['outcome'], respell: Respell): Variation => ({
  name: `JSON: ${name}`,
  outcome,
  needs: 'body',
  write: (draft) => {
    const body = Buffer.from(respell(draft.body ?? ''));
    return write(draft, { body });
  },
});

/** Every key; strings of the bases have no quotes in them. */
const keys = (text: string, spell: (key: string) => string): string =>
  text.replaceAll(/"([^"]*)"(?=:)/g, (_all, key: string) => `"${spell(key)}"`);
const values = (text: string, spell: (value: string) => string): string =>
  text.replaceAll(/(?<=[:[])"([^"]*)"/g, (_all, value: string) => `"${spell(value)}"`);
const escaped = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
/** With more members in front. */
const and = (text: string, members: string): string => `{${members},${text.slice(1)}`;
const firstKey = (text: string): string => /"([^"]+)"/.exec(text)?.[1] ?? '';

/** Go's encoding/json takes keys in any case, in simple folding: U+017F is an s and U+212A a k (encoding/json, foldName). */
const spellings: readonly Variation[] = [
  json('keys in lower case', 'same', (text) => keys(text, (key) => key.toLowerCase())),
  json('keys in upper case', 'same', (text) => keys(text, (key) => key.toUpperCase())),
  json('keys in mixed case', 'same', (text) =>
    keys(text, (key) =>
      key.replaceAll(/./g, (letter, at: number) =>
        at % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase(),
      ),
    ),
  ),
  json('a long s for each s', 'same', (text) => keys(text, (key) => key.replaceAll(/s/gi, '\u017F'))),
  json('a kelvin sign for each k', 'same', (text) => keys(text, (key) => key.replaceAll(/k/gi, '\u212A'))),
  json('an escaped long s', 'same', (text) => keys(text, (key) => key.replaceAll(/s/gi, String.raw`\u017f`))),
  json('the first letter of keys escaped', 'same', (text) => keys(text, (key) => key.replace(/^./, escaped))),
  json('every letter of keys escaped', 'same', (text) => keys(text, (key) => key.replaceAll(/./g, escaped))),
  json('escapes in upper case', 'same', (text) =>
    keys(text, (key) => key.replaceAll(/./g, (letter) => `\\u${escaped(letter).slice(2).toUpperCase()}`)),
  ),
  json('every letter of values escaped', 'same', (text) =>
    values(text, (value) => value.replaceAll(/./g, escaped)),
  ),
  json('slashes escaped', 'same', (text) => text.replaceAll('/', String.raw`\/`)),
  json(
    'blanks everywhere',
    'same',
    (text) => ` \n${text.replaceAll(/[{}[\],:](?![^"]*"[,:\]}])/g, (mark) => `\t${mark}\r\n `)} `,
  ),
  json('line feeds around', 'same', (text) => `\r\n\r\n${text}\n\n`),
  json('a member nobody knows', 'same', (text) => and(text, '"no-such-key":{"a":[1,2.5,null,true]}')),
  json('a member of the prototype', 'same', (text) => and(text, '"__proto__":{"constructor":1}')),
  json('two members that are not one', 'same', (text) => and(text, '"no-such-key":1,"no_such_key":2')),
  json('text in other letters', 'same', (text) => and(text, '"\u00FC\u4E2D\u{1F600}":"\\ud83d\\ude00"')),
  json('an empty key', 'same', (text) => and(text, '"":0')),
  json('the largest integer', 'same', (text) => and(text, '"no-such-key":18446744073709551615')),
];

const unreadable: readonly Variation[] = [
  json('a byte order mark', 'unreadable', (text) => `\uFEFF${text}`),
  json('UTF-16', 'unreadable', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le')),
  json('UTF-16 without a mark', 'unreadable', (text) => Buffer.from(text, 'utf16le')),
  json('a byte that is no UTF-8', 'unreadable', (text) =>
    Buffer.from(and(text, '"no-such-key":"\u00FF"'), 'latin1'),
  ),
  json('an overlong slash', 'unreadable', (text) =>
    Buffer.from(and(text, '"no-such-key":"\u00C0\u00AF"'), 'latin1'),
  ),
  json('half a surrogate pair', 'unreadable', (text) => and(text, String.raw`"no-such-key":"\ud800"`)),
  json('half a surrogate pair in a key', 'unreadable', (text) => and(text, String.raw`"\udc00":1`)),
  json('a key twice', 'unreadable', (text) => and(text, `"${firstKey(text)}":null`)),
  json('a key twice, in another case', 'unreadable', (text) =>
    and(text, `"${firstKey(text).toLowerCase()}":null,"${firstKey(text).toUpperCase()}":null`),
  ),
  json('a key twice, once with a long s', 'unreadable', (text) => and(text, '"no-such":1,"no-\u017Fuch":1')),
  json('a key twice, once escaped', 'unreadable', (text) =>
    and(text, `"${escaped(firstKey(text).slice(0, 1))}${firstKey(text).slice(1)}":null`),
  ),
  json('a key twice, behind', 'unreadable', (text) => `${text.slice(0, -1)},"${firstKey(text)}":null}`),
  json('a key twice, deep inside', 'unreadable', (text) => and(text, '"no-such-key":[{"a":{"b":1,"B":2}}]')),
  json('a comma behind', 'unreadable', (text) => `${text.slice(0, -1)},}`),
  json('a comment', 'unreadable', (text) => `${text}/* x */`),
  json('a comment of a line', 'unreadable', (text) => `// x\n${text}`),
  json('something behind', 'unreadable', (text) => `${text} {}`),
  json('a letter behind', 'unreadable', (text) => `${text}x`),
  json('a NUL behind', 'unreadable', (text) => `${text}\0`),
  json('other quotes', 'unreadable', (text) => text.replaceAll('"', "'")),
  json('a key without quotes', 'unreadable', (text) => text.replace(/"([^"]+)"/, '$1')),
  json('a line feed in text', 'unreadable', (text) => and(text, '"no-such-key":"\n"')),
  json('an escape that is none', 'unreadable', (text) => and(text, String.raw`"no-such-key":"\x41"`)),
  json('a form feed', 'unreadable', (text) => `\f${text}`),
  json('a blank of Unicode', 'unreadable', (text) => `\u00A0${text}`),
  json('no number', 'unreadable', (text) => and(text, '"no-such-key":NaN')),
  json('a number with a zero in front', 'unreadable', (text) => and(text, '"no-such-key":01')),
  json('a number with a plus', 'unreadable', (text) => and(text, '"no-such-key":+1')),
  json('a number in hexadecimal', 'unreadable', (text) => and(text, '"no-such-key":0x1')),
  json('a number too large', 'unreadable', (text) => and(text, '"no-such-key":1e999')),
  json('nested deeply', 'unreadable', (text) =>
    and(text, `"no-such-key":${'['.repeat(100)}${']'.repeat(100)}`),
  ),
  json('in an array', 'unreadable', (text) => `[${text}]`),
  json('in text', 'unreadable', (text) => JSON.stringify(text)),
  json('cut off', 'unreadable', (text) => text.slice(0, -1)),
  json('null', 'unreadable', () => 'null'),
  json('nothing', 'unreadable', () => ''),
  json('blanks alone', 'unreadable', () => ' \n'),
  json('over 4 MiB', 'unreadable', (text) => and(text, `"no-such-key":"${'x'.repeat(4 << 20)}"`)),
];

/** How the JSON of a body is spelt. */
export const jsonVariations: readonly Variation[] = [...spellings, ...unreadable];
