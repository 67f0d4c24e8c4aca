import { expect, test } from 'vitest';
import { z } from 'zod';
import { readAll } from '../../channel/test-support/streams.js';
import { answer, startGate } from './engine-double.test-support.js';

async function ask(line: string, engineSays: string): Promise<string> {
  const { near, engine, whenReceived } = await startGate();
  near.end(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  socket.end(engineSays);
  return String(await readAll(near));
}

const version = (api: string): string =>
  JSON.stringify({
    Version: '99.0',
    ApiVersion: api,
    MinAPIVersion: '1.24',
    Components: [{ Name: 'Engine', Version: '99.0', Details: { ApiVersion: api, GitCommit: 'x' } }],
  });
const chunked = (body: string): string =>
  `HTTP/1.1 200 OK\r\nApi-Version: 1.99\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const schema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string(),
  Components: z.array(z.object({ Details: z.looseObject({ ApiVersion: z.string() }) })),
});
const bodyOf = (text: string): z.infer<typeof schema> =>
  schema.parse(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)));

test.each([
  ['with a length', answer(version('1.99'), '200 OK', 'Api-Version: 1.99')],
  ['in chunks', chunked(version('1.99'))],
  ['up to the end', `HTTP/1.1 200 OK\r\nApi-Version: 2.0\r\n\r\n${version('2.0')}`],
])('an engine that says more, %s, is capped to what clients may ask for', async (_what, says) => {
  const text = await ask('GET /version', says);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nApi-Version: 1\.51\r\nContent-Length: \d+\r\n\r\n\{/);
  const told = bodyOf(text);
  expect(told).toMatchObject({ Version: '99.0', ApiVersion: '1.51', MinAPIVersion: '1.24' });
  expect(told.Components[0]?.Details).toEqual({ ApiVersion: '1.51', GitCommit: 'x' });
});

test.each(['1.51', '1.48', '1.9'])('an engine that says %s is left with it', async (api) => {
  const told = bodyOf(await ask('GET /v1.24/version', answer(version(api))));
  expect([told.ApiVersion, told.Components[0]?.Details.ApiVersion]).toEqual([api, api]);
});

test.each([
  ['HEAD /_ping', 'HTTP/1.1 200 OK\r\nX: a\r\nAPI-VERSION:  1.52\r\nContent-Length: 0\r\n\r\n', '1.51'],
  ['GET /_ping', answer('OK', '200 OK', 'Api-Version: 1.52'), '1.51'],
  ['GET /info', answer('no', '500 Internal Server Error', 'Api-Version: 1.52.1'), '1.51'],
  ['GET /info', answer('{}', '200 OK', 'Api-Version: 1.44'), '1.44'],
])('any answer, as to %s, has the header capped', async (line, says, expected) => {
  const text = await ask(line, says);
  expect([...text.matchAll(/^api-version: *(.*)\r$/gim)].map(([, value]) => value)).toEqual([expected]);
});

test('an answer to GET /version that is no JSON is cut off', async () => {
  expect(await ask('GET /version', answer('{"ApiVersion":'))).toBe('');
  expect(await ask('GET /version', answer('no', '503 Service Unavailable'))).toContain('503');
});

test('a client that asks for more is refused in the words of dockerd', async () => {
  const { near, received } = await startGate();
  near.write('GET /v1.99/info HTTP/1.1\r\nHost: x\r\n\r\n');
  const text = String(await readAll(near));
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain('client version 1.99 is too new. Maximum supported API version is 1.51');
  expect(text).toMatch(/^api-version: 1\.51\r$/m);
  expect(received()).toBe('');
});
