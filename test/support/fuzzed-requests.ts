import fc from 'fast-check';

/** What of a request dockerd says again in its answer. */
export type Echo = 'container' | 'network' | 'limit' | 'image' | 'volume';

export interface FuzzedRequest {
  readonly echo: Echo;
  readonly bytes: Buffer;
  /** Name of the volume it makes. */
  readonly volume: string | undefined;
  /** Whether it was damaged after it had been written. */
  readonly damaged: boolean;
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
const plainName = fc.string({ unit: fc.constantFrom(...letters.split('')), minLength: 1, maxLength: 8 });
const anyText = fc.oneof(
  { weight: 4, arbitrary: plainName },
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    '.',
    '..',
    'a/b',
    'a%2fb',
    '%',
    ';',
    'x;y',
    '\u017F',
    '\u212A',
    '+',
    ' ',
    '?',
    '#',
    '&',
    '=',
    '\u0000',
    '\n',
    '"',
  ),
);

/** A choice for each of many small things, read again from the start when it is used up. */
type Choices = (among: number) => number;
const choices = fc.array(fc.nat(255), { minLength: 1, maxLength: 24 }).map((numbers) => {
  return (): Choices => {
    let at = 0;
    return (among) => (numbers[at++ % numbers.length] ?? 0) % among;
  };
});

/** Percent-encodes some characters that need not be, in either case, and those that must be. */
function encoded(text: string, choose: Choices): string {
  return Array.from(text, (character) => {
    const must = encodeURIComponent(character.isWellFormed() ? character : 'x');
    if (must.length > 1) return choose(2) === 0 ? must : must.toLowerCase();
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return choose(4) === 0 ? `%${choose(2) === 0 ? code : code.toUpperCase()}` : character;
  }).join('');
}

function spelt(text: string, choose: Choices, isKey: boolean): string {
  const inside = Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    const quoted = JSON.stringify(character).slice(1, -1);
    if (quoted.length > 1 || character.length > 1) return quoted;
    const escaped = `\\u${code.toString(16).padStart(4, '0')}`;
    switch (choose(isKey ? 6 : 12)) {
      case 0:
        return escaped;
      case 1:
        return isKey ? character.toUpperCase() : character;
      case 2:
        return isKey ? character.toLowerCase() : character;
      case 3:
        return isKey && /s/i.test(character) ? '\u017F' : character;
      default:
        return character;
    }
  });
  return `"${inside.join('')}"`;
}

/** Writes JSON in one of its spellings. @param fields names Go takes for fields, in any case. */
function jsonText(value: unknown, choose: Choices, depth = 0): string {
  const blank = ['', '', '', ' ', '\n', '\t \r\n'][choose(6)] ?? '';
  if (typeof value === 'string') return `${blank}${spelt(value, choose, false)}`;
  if (Array.isArray(value))
    return `${blank}[${value.map((item) => jsonText(item, choose, depth + 1)).join(',')}${blank}]`;
  if (typeof value !== 'object' || value === null) return `${blank}${JSON.stringify(value)}`;
  const members = Object.entries(value).map(
    // Keys of maps, deeper inside, are taken as they are.
    ([key, item]) =>
      `${blank}${spelt(key, choose, depth === 0)}${blank}:${jsonText(item, choose, depth + 1)}`,
  );
  return `${blank}{${members.join(',')}${blank}}`;
}

const decoys = fc.dictionary(
  fc.oneof(plainName, fc.constantFrom('Image ', 'Im\u0130age', 'name_', 'Label', '')),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 3 },
);
const extraFields = fc.subarray([
  'User-Agent: fuzz',
  'X-Original-URL: /info',
  'Connection: keep-alive',
  'Connection: close',
  'TE: trailers',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'accept:*/*',
  'Content-Encoding: gzip',
]);

interface Parts {
  readonly method: string;
  readonly target: string;
  readonly body: string | undefined;
}

const shapes = fc.record({
  echo: fc.constantFrom<Echo>('container', 'network', 'limit', 'image', 'volume'),
  version: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('', '/v1.51', '/v1.44', '/v1.24') },
    fc.constantFrom('/v1.52', '/v01.51', '/%761.51'),
  ),
  name: anyText,
  image: plainName,
  labels: fc.dictionary(anyText, anyText, { maxKeys: 3 }),
  decoys,
  choices,
});

function partsOf({
  echo,
  version,
  name,
  image,
  labels,
  decoys: others,
  choices: start,
}: typeof shapes extends fc.Arbitrary<infer Shape> ? Shape : never): Parts {
  const choose = start();
  const at = (path: string): string => `${version}${path}`;
  const other = Object.fromEntries(Object.entries(others));
  switch (echo) {
    case 'container':
      return choose(2) === 0
        ? { method: 'GET', target: at(`/containers/fuzz${encoded(name, choose)}/json`), body: undefined }
        : {
            method: 'POST',
            target: at(`/containers/fuzz${encoded(name, choose)}/exec`),
            body: jsonText({ ...other, Cmd: ['x'], Env: [name] }, choose),
          };
    case 'network':
      return { method: 'GET', target: at(`/networks/fuzz${encoded(name, choose)}`), body: undefined };
    case 'limit':
      return {
        method: 'GET',
        target: at(`/containers/json?a=${encoded(name, choose)}&lim%69t=fuzz${encoded(name, choose)}`),
        body: undefined,
      };
    case 'image':
      return {
        method: 'POST',
        target: at('/containers/create'),
        body: jsonText({ ...other, Image: `fuzz${image}`, HostConfig: { Annotations: labels } }, choose),
      };
    case 'volume':
      return {
        method: 'POST',
        target: at('/volumes/create'),
        body: jsonText({ ...other, Name: `fuzz-${image}`, Labels: labels }, choose),
      };
  }
}

/** Where one would put the line between two requests somewhere else. */
const fragments = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '\0',
  ':',
  ',',
  ';',
  '%',
  '%2e%2e',
  '/../',
  '/./',
  '//',
  '"',
  '{',
  '}',
  '\u00e9',
  '\u017f',
  '0\r\n\r\n',
  '1\r\n',
  '\r\n\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'HTTP/1.1',
  'HTTP/1.0',
  '{}',
  '"Image":"fuzz-other",',
  '"\\ud800"',
  'GET /containers/fuzz-hidden/json HTTP/1.1\r\nHost: x\r\n\r\n',
];

const damage = fc.array(
  fc.record({
    place: fc.nat(10_000),
    length: fc.nat(6),
    kind: fc.constantFrom('flip', 'insert', 'insert', 'delete', 'double'),
    fragment: fc.constantFrom(...fragments),
    bit: fc.nat(7),
  }),
  { minLength: 1, maxLength: 3 },
);

function damaged(
  bytes: Buffer,
  blows: typeof damage extends fc.Arbitrary<infer Blows> ? Blows : never,
): Buffer {
  let result = bytes;
  for (const { place, length, kind, fragment, bit } of blows) {
    const at = place % Math.max(1, result.length);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    if (kind === 'insert') result = Buffer.concat([before, Buffer.from(fragment), after]);
    else if (kind === 'delete') result = Buffer.concat([before, after.subarray(length)]);
    else if (kind === 'double') result = Buffer.concat([before, after.subarray(0, length * 8), after]);
    else {
      result = Buffer.from(result);
      result[at] = (result[at] ?? 0) ^ (1 << bit);
    }
  }
  return result;
}

/** Requests in the spellings HTTP, URLs and JSON allow, every other one damaged afterwards. Each has `fuzz` in what it asks for. */
export const fuzzedRequest: fc.Arbitrary<FuzzedRequest> = fc
  .record({
    shape: shapes,
    fields: extraFields,
    chunk: fc.nat(40),
    blows: fc.option(damage, { freq: 1 }),
  })
  .map(({ shape, fields, chunk, blows }) => {
    const { method, target, body } = partsOf(shape);
    const content = Buffer.from(body ?? '');
    const framing =
      body === undefined
        ? []
        : [
            'Content-Type: application/json',
            chunk === 0 ? `Content-Length: ${content.length}` : 'Transfer-Encoding: chunked',
          ];
    const lines = [
      `${method} ${target} HTTP/1.1`,
      'Host: fuzz',
      ...fields.filter((field) => body !== undefined || !field.startsWith('Expect')),
      ...framing,
      '',
      '',
    ];
    const framed = body === undefined || chunk === 0 ? content : chunked(content, chunk);
    const bytes = Buffer.concat([Buffer.from(lines.join('\r\n')), framed]);
    return {
      echo: shape.echo,
      bytes: blows === null ? bytes : damaged(bytes, blows),
      volume: shape.echo === 'volume' ? `fuzz-${shape.image}` : undefined,
      damaged: blows !== null,
    };
  });

function chunked(content: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += size) {
    const piece = content.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}
