import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FirstBytes, mostFirstBytes, readFirstBytes } from './index.js';

const read = (text: string): FirstBytes => readFirstBytes(Buffer.from(text, 'latin1'));
const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

describe('a request of HTTP', () => {
  test.each([
    [head('GET /v2/ HTTP/1.1', 'Host: Example.COM:8080'), 'origin', { host: 'example.com', port: 8080 }],
    [head('GET / HTTP/1.1', 'HOST:\texample.com. ', 'X: y'), 'origin', { host: 'example.com' }],
    [head('GET / HTTP/1.1', 'Host: [2001:DB8::1]:80'), 'origin', { host: '2001:db8::1', port: 80 }],
    [head('GET / HTTP/1.1', 'Host: [::ffff:10.0.0.5]'), 'origin', { host: '10.0.0.5' }],
    [head('OPTIONS * HTTP/1.1', 'Host: example.com'), 'asterisk', { host: 'example.com' }],
    [head('GET http://a.example/x HTTP/1.1', 'Host: a.example'), 'absolute', { host: 'a.example' }],
    [head('GET http://a.example:81 HTTP/1.0'), 'absolute', { host: 'a.example', port: 81 }],
    [
      head('CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443'),
      'authority',
      { host: 'a.example', port: 443 },
    ],
    [head('GET / HTTP/1.0'), 'origin', undefined],
    [head('GET / HTTP/1.1', 'Host:'), 'origin', undefined],
  ])('%j', (text, form, authority) => {
    expect(read(text)).toMatchObject({ kind: 'http', form, ...(authority && { authority }) });
    expect(read(text)).toEqual(read(`${text}body`));
    expect('authority' in read(text)).toBe(authority !== undefined);
  });

  test.each([
    ['two of Host', head('GET / HTTP/1.1', 'Host: a.example', 'host: b.example')],
    ['no Host', head('GET / HTTP/1.1', 'X: y')],
    ['a folded Host', head('GET / HTTP/1.1', 'Host: a.example', ' b.example')],
    ['a space before the colon', head('GET / HTTP/1.1', 'Host : a.example')],
    ['a list in Host', head('GET / HTTP/1.1', 'Host: a.example, b.example')],
    ['a user in Host', head('GET / HTTP/1.1', 'Host: a.example@b.example')],
    ['an odd address', head('GET / HTTP/1.1', 'Host: 127.1')],
    ['a port that is none', head('GET / HTTP/1.1', 'Host: a.example:65536')],
    ['another host in the target', head('GET http://a.example/ HTTP/1.1', 'Host: b.example')],
    ['a user in the target', head('GET http://b.example@a.example/ HTTP/1.1', 'Host: a.example')],
    ['a target that is none', head('GET a.example HTTP/1.1', 'Host: a.example')],
    ['tabs', head('GET\t/\tHTTP/1.1', 'Host: a.example')],
    ['two spaces', head('GET  / HTTP/1.1', 'Host: a.example')],
    ['a control character', head('GET /\x01/../v2/ HTTP/1.1', 'Host: a.example')],
    ['a control character and no version', 'GET /v2/?\x1f\r\n'],
    ['another version', head('GET / HTTP/1.2', 'Host: a.example')],
    ['no version', 'GET /v2/acme/tool/manifests/v1\r\n'],
    ['no version, behind an empty line', '\r\nGET  /v2/\n'],
    ['no version, for another host', 'get http://a.example/\r\n'],
    ['a version in lower case', head('GET / http/1.1', 'Host: a.example')],
    ['ends of lines without CR', 'GET / HTTP/1.1\nHost: a.example\n\n'],
    ['a lone LF among CR LF', 'GET / HTTP/1.1\r\nX: y\nHost: b.example\r\nHost: a.example\r\n\r\n'],
    ['a lone CR', 'GET / HTTP/1.1\r\nX: y\rHost: b.example\r\nHost: a.example\r\n\r\n'],
    ['an empty line in front', `\r\n${head('GET / HTTP/1.1', 'Host: a.example')}`],
    ['a space in front', ` ${head('GET / HTTP/1.1', 'Host: a.example')}`],
    ['half of the preface', `PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n`],
    ['a head without end', `GET / HTTP/1.1\r\nX: ${'y'.repeat(mostFirstBytes)}`],
    ['a request line without end', `GET /${'y'.repeat(mostFirstBytes)}`],
  ])('with %s is refused', (_what, text) => {
    expect(read(text)).toMatchObject({ kind: 'malformed', protocol: 'http' });
  });

  test.each([
    ['words', `${'a '.repeat(32_000)}\n`],
    ['spaces in a line', `GET / HTTP/1.1\r\nX: a${' '.repeat(60_000)}b\r\nHost: a.example\r\n\r\n`],
    ['spaces without end', `GET${' '.repeat(60_000)}`],
    ['versions', `${'HTTP/ '.repeat(10_000)}\n`],
    [
      'spaces around Host',
      `GET / HTTP/1.1\r\nHost:${' '.repeat(30_000)}a.example${' '.repeat(30_000)}\r\n\r\n`,
    ],
    ['empty lines', '\r\n'.repeat(32_000)],
    ['ends of lines', `GET / HTTP/1.1${'\r'.repeat(60_000)}`],
    ['lines', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(10_000)}`],
  ])('many %s take no long time', (_what, text) => {
    const begun = performance.now();
    for (let count = 0; count < 10; count += 1) read(text);
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  test('the preface of HTTP/2', () => {
    expect(read('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0')).toEqual({ kind: 'http2' });
  });

  test.each([
    'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n',
    'EHLO example.com\r\n',
    'GET key\r\n',
    '*1\r\n$4\r\nPING\r\n',
    '{"a":',
    'a\0',
    '0033git-upload-pack /tool.git\0host=a.example\0',
    'GET /\0',
    '\x10\x10\0\x04MQTT',
    '\0\0\0\x08\x04\xd2\x16\x2f',
  ])('%j is another protocol', (text) => {
    expect(read(text)).toEqual({ kind: 'other' });
  });

  test.each([
    head('GET / HTTP/1.1', 'Host: a.example', 'X: y'),
    head('CONNECT a.example:443 HTTP/1.1', 'Host: a.example'),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ])('%j, split at any byte, is waited for', (text) => {
    for (let length = 1; length < text.length; length += 1)
      expect(read(text.slice(0, length))).toEqual({ kind: 'more', like: 'http' });
    expect(read(text).kind).toMatch(/^http/);
  });

  test('a control character in what is asked for is no end of it', () => {
    expect(read('GET /\x01')).toEqual({ kind: 'more', like: 'http' });
  });

  test('of any text, no Host but the one that is there', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'Host: a.example',
        'host:b.example',
        ' Host: a.example',
        'X: y',
        'Host:',
        'Host: a.example\rX: y',
      ),
      fc.string({ maxLength: 10 }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.constantFrom('\r\n', '\n'), (lines, end) => {
        const answer = read(`${['GET / HTTP/1.1', ...lines].join(end)}\r\n\r\n`);
        if (answer.kind !== 'http' || answer.authority === undefined) return;
        const ended = lines.findIndex((each) => each === '' || each === '\r');
        const said = lines
          .slice(0, ended < 0 ? undefined : ended)
          .filter((each) => /host[\s\0]*:/i.test(each));
        expect([answer.authority.host, said.length]).toEqual([
          said[0]
            ?.replace(/^.*:\s*/, '')
            .toLowerCase()
            .trim(),
          1,
        ]);
      }),
      { numRuns: 3000 },
    );
  });
});
