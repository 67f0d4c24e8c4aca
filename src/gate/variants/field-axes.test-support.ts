import { type Draft, targetOf, type Variation, write } from './draft.test-support.js';

const fields = (
  name: string,
  outcome: Variation['outcome'],
  lines: readonly string[],
  more: Partial<Variation> = {},
): Variation => ({
  name: `header: ${name}`,
  outcome,
  write: (draft) => write(draft, { fields: lines }),
  ...more,
});
const host = 'Host: docker';

const headers: readonly Variation[] = [
  fields('another method by header', 'same', [host, 'X-HTTP-Method-Override: HEAD', 'X-HTTP-Method: HEAD']),
  fields('another path by header', 'same', [host, 'X-Original-URL: /_ping', 'X-Rewrite-URL: /_ping']),
  fields('forwarded', 'same', [
    host,
    'Forwarded: for=127.0.0.1',
    'X-Forwarded-For: 127.0.0.1',
    'X-Real-IP: ::1',
  ]),
  fields('an address for a name', 'same', ['Host: 127.0.0.1:2375']),
  fields('an empty host', 'same', ['Host:']),
  fields('names in any case, values with blanks', 'same', ['hOsT: \t docker \t', 'uSER-aGENT:x']),
  fields('close', 'same', [host, 'Connection: close']),
  fields('keep-alive', 'same', [host, 'Connection: Keep-Alive', 'Keep-Alive: timeout=5']),
  fields('an upgrade to HTTP/2', 'same', [
    host,
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
  ]),
  fields('an upgrade to a web socket', 'same', [
    host,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
  ]),
  fields('an upgrade to bytes', 'same', [host, 'Connection: upgrade', 'Upgrade: tcp']),
  fields('trailers welcome', 'same', [host, 'TE: trailers', 'Connection: TE']),
  fields('trailers announced', 'same', [host, 'Trailer: Content-Length']),
  fields('a proxy’s words', 'same', [host, 'Proxy-Connection: close', 'Proxy-Authorization: Basic eDp5']),
  fields('another coding of the content', 'same', [host, 'Content-Encoding: gzip']),
  fields('conditions', 'same', [host, 'If-None-Match: *', 'Range: bytes=0-0']),
  fields('a cookie and credentials', 'same', [host, 'Cookie: a=b', 'Authorization: Bearer x']),
  fields('no host', 'unreadable', []),
  fields('two hosts', 'unreadable', [host, host]),
  fields('a folded line', 'unreadable', [host, 'A: b', ' c: d']),
  fields('a blank before the colon', 'unreadable', [`Host : docker`]),
  fields('a line without a colon', 'unreadable', [host, 'whatever']),
  fields('a control character', 'unreadable', [host, 'A: b\vc']),
  fields('a carriage return', 'unreadable', [host, 'A: b\rc']),
  fields('a NUL', 'unreadable', [host, 'A: \0']),
  fields('a byte above ASCII', 'unreadable', [host, 'A: \u00E9']),
  fields('two upgrades', 'unreadable', [host, 'Upgrade: h2c', 'Upgrade: tcp']),
  fields('a connection that takes a header away', 'unreadable', [host, 'Connection: close, content-type']),
  fields('an expectation nobody knows', 'unreadable', [host, 'Expect: 200-ok']),
  fields('too many', 'unreadable', [host, ...Array.from({ length: 250 }, () => 'A: b')]),
  fields('too long', 'unreadable', [host, `A: ${'a'.repeat(65_536)}`]),
];

const startLine = (name: string, line: (draft: Draft) => string): Variation => ({
  name: `first line: ${name}`,
  outcome: 'unreadable',
  write: (draft) => write(draft, { startLine: line(draft) }),
});

const startLines: readonly Variation[] = [
  startLine('HTTP/1.0', (draft) => `${draft.method} ${targetOf(draft)} HTTP/1.0`),
  startLine('HTTP/2.0', (draft) => `${draft.method} ${targetOf(draft)} HTTP/2.0`),
  startLine('http in lower case', (draft) => `${draft.method} ${targetOf(draft)} http/1.1`),
  startLine('no version', (draft) => `${draft.method} ${targetOf(draft)}`),
  startLine('two blanks', (draft) => `${draft.method}  ${targetOf(draft)} HTTP/1.1`),
  startLine('a tab', (draft) => `${draft.method}\t${targetOf(draft)} HTTP/1.1`),
  startLine('an empty line first', (draft) => `\r\n${draft.method} ${targetOf(draft)} HTTP/1.1`),
  startLine(
    'the preface of HTTP/2',
    (draft) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${draft.method} ${targetOf(draft)} HTTP/1.1`,
  ),
];

const framed = (
  name: string,
  outcome: Variation['outcome'],
  frame: (body: Buffer) => { framing: readonly string[]; body?: Buffer },
  more: Partial<Variation> = {},
): Variation => ({
  name: `body: ${name}`,
  outcome,
  needs: 'body',
  write: (draft) => write(draft, frame(Buffer.from(draft.body ?? ''))),
  ...more,
});
const chunked = ['Transfer-Encoding: chunked'];
const chunk = (body: Buffer, size = body.length.toString(16)): Buffer =>
  Buffer.concat([Buffer.from(`${size}\r\n`), body, Buffer.from('\r\n')]);
const inChunks = (body: Buffer, size: number, end = '0\r\n\r\n'): Buffer => {
  const count = Math.ceil(body.length / size);
  const parts = Array.from({ length: count }, (_, at) => chunk(body.subarray(at * size, (at + 1) * size)));
  return Buffer.concat([...parts, Buffer.from(end)]);
};
const lengthOf = (body: Buffer): string => `Content-Length: ${body.length}`;

const bodies: readonly Variation[] = [
  framed('one chunk', 'same', (body) => ({ framing: chunked, body: inChunks(body, body.length) })),
  framed('chunks of a byte', 'same', (body) => ({ framing: chunked, body: inChunks(body, 1) })),
  framed('chunks of seven', 'same', (body) => ({
    framing: ['transfer-encoding:Chunked'],
    body: inChunks(body, 7),
  })),
  framed('a size with zeros in front', 'same', (body) => ({
    framing: chunked,
    body: Buffer.concat([
      chunk(body, body.length.toString(16).toUpperCase().padStart(8, '0')),
      Buffer.from('000\r\n\r\n'),
    ]),
  })),
  framed('after an expectation', 'same', (body) => ({ framing: ['Expect: 100-continue', lengthOf(body)] })),
  framed('in chunks after an expectation', 'same', (body) => ({
    framing: ['Expect: 100-Continue', ...chunked],
    body: inChunks(body, 5),
  })),
  framed('a type with parameters', 'same', (body) => ({ framing: [lengthOf(body)] }), {
    write: (draft) => write(draft, { contentType: 'Application/JSON; charset=utf-8' }),
  }),
  framed('another type', 'same', (body) => ({ framing: [lengthOf(body)] }), {
    notOfDockerd: true,
    write: (draft) => write(draft, { contentType: 'text/plain' }),
  }),
  framed('no type', 'same', (body) => ({ framing: [lengthOf(body)] }), {
    notOfDockerd: true,
    write: (draft) => write(draft, { contentType: undefined }),
  }),
  framed('the type of a form', 'unreadable', (body) => ({ framing: [lengthOf(body)] }), {
    write: (draft) => write(draft, { contentType: 'application/x-www-form-urlencoded' }),
  }),
  framed('nothing said', 'unreadable', () => ({ framing: [] })),
  framed('a length of nothing', 'unreadable', () => ({ framing: ['Content-Length: 0'] })),
  framed('a length too short', 'unreadable', (body) => ({ framing: [`Content-Length: ${body.length - 1}`] })),
  framed('no chunks', 'unreadable', (body) => ({
    framing: chunked,
    body: Buffer.concat([Buffer.from('0\r\n\r\n'), body]),
  })),
  framed('a chunk extension', 'unreadable', (body) => ({
    framing: chunked,
    body: Buffer.concat([chunk(body, `${body.length.toString(16)};a`), Buffer.from('0\r\n\r\n')]),
  })),
  framed('a trailer', 'unreadable', (body) => ({
    framing: chunked,
    body: inChunks(body, 9, '0\r\nX: y\r\n\r\n'),
  })),
  framed('a trailer that frames', 'unreadable', (body) => ({
    framing: chunked,
    body: inChunks(body, 9, '0\r\nContent-Length: 0\r\n\r\n'),
  })),
  framed('a size in hexadecimal with 0x', 'unreadable', (body) => ({
    framing: chunked,
    body: Buffer.concat([chunk(body, `0x${body.length.toString(16)}`), Buffer.from('0\r\n\r\n')]),
  })),
  framed('chunks ended by line feeds', 'unreadable', (body) => ({
    framing: chunked,
    body: Buffer.concat([Buffer.from(`${body.length.toString(16)}\n`), body, Buffer.from('\n0\n\n')]),
  })),
  ...[
    ['both framings', (body: Buffer) => [lengthOf(body), ...chunked]],
    ['two lengths', (body: Buffer) => [lengthOf(body), 'Content-Length: 2']],
    ['one length twice', (body: Buffer) => [lengthOf(body), lengthOf(body)]],
    ['a list of lengths', (body: Buffer) => [`${lengthOf(body)}, ${body.length}`]],
    ['a length with a plus', (body: Buffer) => [`Content-Length: +${body.length}`]],
    ['a length with a zero in front', (body: Buffer) => [`Content-Length: 0${body.length}`]],
    ['a length in hexadecimal', (body: Buffer) => [`Content-Length: 0x${body.length.toString(16)}`]],
    ['a length with a blank before the colon', (body: Buffer) => [`Content-Length : ${body.length}`]],
    ['a length that is none', () => ['Content-Length: all']],
    ['no coding', () => ['Transfer-Encoding: identity']],
    ['two codings', () => ['Transfer-Encoding: gzip, chunked']],
    ['chunks twice', () => ['Transfer-Encoding: chunked, chunked']],
    ['a coding in quotes', () => ['Transfer-Encoding: "chunked"']],
    ['a coding nobody knows', () => ['Transfer-Encoding: xchunked']],
    ['chunks by two headers', () => [...chunked, ...chunked]],
  ].map(([name, framing]) =>
    framed(String(name), 'unreadable', (body) => ({
      framing: typeof framing === 'function' ? framing(body) : [],
    })),
  ),
];

/** What is said in header fields, and of the body's end. */
export const fieldVariations: readonly Variation[] = [...headers, ...startLines, ...bodies];
