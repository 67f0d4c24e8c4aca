import { expect, test } from 'vitest';
import { RequestBody } from './request-body.js';

test('an edit is in the text and in what the rules decide on, under one name', () => {
  const body = new RequestBody(
    '{"hostCONFIG":{"portbindings":{"a":1},"Memory":9223372036854775807},"Image":"x"}',
  );
  expect(body.hostConfig('PortBindings')).toEqual({ a: 1 });
  body.setHostConfig('PortBindings', { 'B/tcp': [{ HostPort: '80' }] });
  expect(body.text).toBe(
    '{"Image":"x","HostConfig":{"Memory":9223372036854775807,"PortBindings":{"B/tcp":[{"HostPort":"80"}]}}}',
  );
  const bindings = new Map([['b/tcp', [new Map([['hostport', '80']])]]]);
  expect(body.folded).toEqual(
    new Map<string, unknown>([
      [
        'hostconfig',
        new Map<string, unknown>([
          ['portbindings', bindings],
          ['memory', 2 ** 63],
        ]),
      ],
      ['image', 'x'],
    ]),
  );
});

test('what is edited can be read again, and is the same', () => {
  const body = new RequestBody('{"HostConfig":{"a":[1,null,{"B":true}]}}');
  body.setHostConfig('Runtime', 'x');
  expect(new RequestBody(body.text).folded).toEqual(body.folded);
});

test('without an edit the text is as it was sent, and written anew where it is asked for', () => {
  const text = ' {"a" : 1.0, "\\u0062":[ ]}\n';
  const body = new RequestBody(text);
  expect(body.text).toBe(text);
  expect(body.written()).toBe('{"a":1,"b":[]}');
});

test.each(['[]', '"x"', 'null', '{"HostConfig":[]}', '{"HostConfig":1}'])(
  '%s has no HostConfig to edit',
  (text) => {
    const body = new RequestBody(text);
    expect(() => {
      body.setHostConfig('Runtime', 'x');
    }).toThrow('is not an object');
  },
);

test('a value of the body itself is put there under its name alone', () => {
  const body = new RequestBody('{"image":"a","HostConfig":{"Privileged":true}}');
  body.set('Image', 'b');
  expect(body.written()).toBe('{"HostConfig":{"Privileged":true},"Image":"b"}');
  expect(body.folded).toEqual(
    new Map<string, unknown>([
      ['image', 'b'],
      ['hostconfig', new Map([['privileged', true]])],
    ]),
  );
});
