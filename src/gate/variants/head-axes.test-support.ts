import { type Draft, targetOf, type Variation, write } from './draft.test-support.js';

type Spell = (text: string) => string;

const hex = (character: string, upper = false): string => {
  const digits = (character.codePointAt(0) ?? 0).toString(16).padStart(2, '0');
  return `%${upper ? digits.toUpperCase() : digits}`;
};
const lastSlash = (path: string): number => path.lastIndexOf('/');
const capital: Spell = (path) => path.replace(/(?<=\/)[a-z]/, (letter) => letter.toUpperCase());

const byPath = (name: string, outcome: Variation['outcome'], spell: Spell): Variation => ({
  name: `path: ${name}`,
  outcome,
  write: (draft) => write(draft, { target: targetOf({ ...draft, path: spell(draft.path) }) }),
});

/** Encodings, dot segments, doubled slashes, case. */
const paths: readonly Variation[] = [
  byPath('first letter encoded', 'same', (path) => path.replace(/[a-z]/, (letter) => hex(letter))),
  byPath('last letter encoded', 'same', (path) => path.replace(/[a-z]$/, (letter) => hex(letter))),
  byPath('every letter encoded', 'same', (path) => path.replaceAll(/[a-z]/g, (letter) => hex(letter))),
  byPath('every letter encoded, digits in upper case', 'same', (path) =>
    path.replaceAll(/[a-z]/g, (letter) => hex(letter, true)),
  ),
  byPath(
    'the last slash encoded',
    'same',
    (path) => `${path.slice(0, lastSlash(path))}%2f${path.slice(lastSlash(path) + 1)}`,
  ),
  byPath('every slash but the first encoded', 'same', (path) => `/${path.slice(1).replaceAll('/', '%2F')}`),
  byPath('encoded twice', 'unknown', (path) =>
    path.replace(/[a-z]/, (letter) => `%25${hex(letter).slice(1)}`),
  ),
  byPath('the last slash encoded twice', 'unknown', (path) => `/${path.slice(1).replaceAll('/', '%252f')}`),
  byPath('a doubled slash in front', 'unreadable', (path) => `/${path}`),
  byPath(
    'a doubled slash inside',
    'unreadable',
    (path) => `${path.slice(0, lastSlash(path))}/${path.slice(lastSlash(path))}`,
  ),
  byPath('an encoded slash that doubles', 'unreadable', (path) => `/%2F${path.slice(1)}`),
  byPath('doubled slashes at the end', 'unreadable', (path) => `${path}//`),
  byPath('a dot segment in front', 'unreadable', (path) => `/.${path}`),
  byPath(
    'a dot segment inside',
    'unreadable',
    (path) => `${path.slice(0, lastSlash(path))}/.${path.slice(lastSlash(path))}`,
  ),
  byPath('a dot segment at the end', 'unreadable', (path) => `${path}/.`),
  byPath('one up and down again', 'unreadable', (path) => `/images/..${path}`),
  byPath('one up at the end', 'unreadable', (path) => `${path}/x/..`),
  byPath('above the root', 'unreadable', (path) => `/..${path}`),
  byPath('encoded dots', 'unreadable', (path) => `/images/%2e%2E${path}`),
  byPath('half encoded dots', 'unreadable', (path) => `/images/.%2e${path}`),
  byPath('an encoded dot', 'unreadable', (path) => `/%2e${path}`),
  byPath('an encoded slash after dots', 'unreadable', (path) => `/images/..%2f${path.slice(1)}`),
  byPath('a slash at the end', 'unknown', (path) => `${path}/`),
  byPath('an encoded slash at the end', 'unknown', (path) => `${path}%2f`),
  byPath('a capital', 'unknown', capital),
  byPath('capitals', 'unknown', (path) => path.toUpperCase()),
  byPath('an encoded capital', 'unknown', (path) =>
    path.replace(/[a-z]/, (letter) => hex(letter.toUpperCase())),
  ),
  byPath('backslashes', 'unknown', (path) => `/${path.slice(1).replaceAll('/', '\\')}`),
  byPath('an encoded backslash', 'unknown', (path) => `/${path.slice(1).replaceAll('/', '%5c')}`),
  byPath('nothing but backslashes', 'unknown', (path) => path.replaceAll('/', '\\')),
  byPath('a parameter of a segment', 'unknown', (path) => `${path};a=b`),
  byPath('an encoded line feed at the end', 'unknown', (path) => `${path}%0a`),
  byPath('an encoded blank at the end', 'unknown', (path) => `${path}%20`),
  byPath('an encoded NUL at the end', 'unreadable', (path) => `${path}%00`),
  byPath('an overlong slash', 'unreadable', (path) => `/${path.slice(1).replaceAll('/', '%c0%af')}`),
  byPath('a slash of mathematics', 'unknown', (path) => `/${path.slice(1).replaceAll('/', '%e2%88%95')}`),
  byPath('half an encoded character', 'unreadable', (path) => `${path}%6`),
  byPath('what is no encoding', 'unreadable', (path) => path.replace(/[a-z]/, '%u0063')),
  byPath('a byte that is no UTF-8', 'unreadable', (path) => `${path}%ff`),
  byPath('a fragment', 'unreadable', (path) => `${path}#x`),
  byPath('an encoded question mark', 'unknown', (path) => `${path}%3fx`),
];

const byTarget = (name: string, outcome: Variation['outcome'], spell: Spell): Variation => ({
  name: `target: ${name}`,
  outcome,
  write: (draft) => write(draft, { target: spell(targetOf(draft)) }),
});

const targets: readonly Variation[] = [
  byTarget('in absolute form', 'unreadable', (target) => `http://docker${target}`),
  byTarget('in absolute form, without a scheme', 'unreadable', (target) => `//docker${target}`),
  byTarget('without a slash', 'unreadable', (target) => target.slice(1)),
  byTarget('with a blank behind', 'unreadable', (target) => `${target} `),
  byTarget('with a tab in front', 'unreadable', (target) => `\t${target}`),
];

const byVersion = (version: string, outcome: Variation['outcome']): Variation => ({
  name: `version: ${JSON.stringify(version)}`,
  outcome,
  write: (draft) => write({ ...draft, version }),
});

const versions: readonly Variation[] = [
  ...['', '/v1.51', '/v1.44', '/v1.24', '/%76%31.51', '/v1%2e51', '/v1.5%31'].map((version) =>
    byVersion(version, 'same'),
  ),
  ...['/v1.52', '/v1.99', '/v2.0', '/v10.1', `/v1.${'9'.repeat(30)}`].map((version) =>
    byVersion(version, 'too-new'),
  ),
  ...['/v1', '/v1.', '/v.51', '/v1..51', '/v...', '/v1.051', '/v01.51', '/v1.51.0', '/v1.51.'].map(
    (version) => byVersion(version, 'unreadable'),
  ),
  ...['/V1.51', '/v1.51/v1.51', '/1.51', '/v1,51', '/v', '/v+1.51', '/v1.51a', '/v1.51%20'].map((version) =>
    byVersion(version, 'unknown'),
  ),
];

const byMethod = (name: string, spell: Spell): Variation => ({
  name: `method: ${name}`,
  outcome: 'unreadable',
  write: (draft) => write({ ...draft, method: spell(draft.method) }),
});

const methods: readonly Variation[] = [
  byMethod('in lower case', (method) => method.toLowerCase()),
  byMethod('with one capital', (method) => `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`),
  byMethod('with a letter behind', (method) => `${method}S`),
  byMethod('none of HTTP', () => 'BREW'),
  byMethod('PATCH', () => 'PATCH'),
  byMethod('CONNECT', () => 'CONNECT'),
  byMethod('TRACE', () => 'TRACE'),
  byMethod('none', () => ''),
];

const byQuery = (
  name: string,
  outcome: Variation['outcome'],
  spell: (query: string) => string,
): Variation => ({
  name: `query: ${name}`,
  outcome,
  needs: 'query',
  write: (draft: Draft) => write({ ...draft, query: spell(draft.query ?? '') }),
});
const key = (query: string): string => query.split('=')[0] ?? '';
const value = (query: string): string => query.slice(query.indexOf('=') + 1);

const queries: readonly Variation[] = [
  byQuery('its name encoded', 'same', (query) => query.replace(/^./, (letter) => hex(letter))),
  byQuery('all of its name encoded', 'same', (query) =>
    query.replace(/^[^=]+/, (name) => name.replaceAll(/./g, (letter) => hex(letter))),
  ),
  byQuery('a letter of its value encoded', 'same', (query) =>
    query.replace(/(?<==)[a-z0-9-]/, (letter) => hex(letter)),
  ),
  byQuery('blanks as plus signs', 'same', (query) => query.replaceAll('%20', '+')),
  byQuery('others around', 'same', (query) => `a=b&${query}&c=d`),
  byQuery('nothing around', 'same', (query) => `&&${query}&`),
  byQuery('a second time', 'same', (query) => `${query}&${query}`),
  byQuery('something else without a value', 'same', (query) => `a&${query}`),
  byQuery('a question mark', 'same', (query) => `a=?&${query}`),
  byQuery('behind a semicolon', 'unreadable', (query) => `a=b;${query}`),
  byQuery('before a semicolon', 'unreadable', (query) => `${query};a=b`),
  byQuery('half an encoded character', 'unreadable', (query) => `${query}&a=%4`),
  byQuery('what is no encoding', 'unreadable', (query) => `%zz=1&${query}`),
  byQuery('a fragment behind', 'unreadable', (query) => `${query}#x`),
  byQuery('as the body of a form', 'unreadable', (query) => query),
].map((variation) =>
  variation.name.endsWith('of a form')
    ? {
        ...variation,
        write: (draft: Draft): Buffer =>
          write(
            { ...draft, query: undefined, body: `${key(draft.query ?? '')}=${value(draft.query ?? '')}` },
            { contentType: 'application/x-www-form-urlencoded' },
          ),
      }
    : variation,
);

/** What is said before the header fields. */
export const startLineVariations: readonly Variation[] = [
  ...paths,
  ...targets,
  ...versions,
  ...methods,
  ...queries,
];
