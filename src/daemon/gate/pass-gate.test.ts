import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { nextChunk, readAll } from '../../channel/test-support/streams.js';
import { openPolicy } from '../../gate/policy.test-support.js';
import { forContainer } from '../../gate/socket-mount/by-id.js';
import { answer, startGate } from './engine-double.test-support.js';

/** The engine gets the id the gate gave the request, and hands it on to the second line. */
const idLine = 'x-bulkhead-request-id: request\r\n';

const get = (path: string, ...fields: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: x', ...fields, '', ''].join('\r\n');

test('requests sent together reach the engine one after the other, each in the form of the gate', async () => {
  const { near, engine, received, whenReceived, over } = await startGate();
  near.end(
    get('/%5fping', 'User-Agent:  me ') +
      get('/v1.51/info?x=1', 'Keep-Alive: 3', 'X-Bulkhead-Request-Id: mine'),
  );
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  const first = `GET /_ping HTTP/1.1\r\nhost: docker\r\nuser-agent: me\r\n${idLine}\r\n`;
  expect(received()).toBe(first);
  socket.write(answer('one').slice(0, -2));
  socket.write(answer('one').slice(-2));
  await whenReceived(/info/);
  socket.end(answer('two'));
  expect(received()).toBe(`${first}GET /v1.51/info?x=1 HTTP/1.1\r\nhost: docker\r\n${idLine}\r\n`);
  expect(String(await readAll(near))).toBe(answer('one') + answer('two'));
  await over;
});

test('a request that cannot be read is answered in the form of Docker and reaches nobody', async () => {
  const { near, received, over } = await startGate();
  near.write('GET /_ping HTTP/1.1\nHost: x\n\n');
  const text = String(await readAll(near));
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(text).toContain(`\r\n${idLine}`);
  expect(text).toMatch(
    /\r\n\r\n\{"message":"[^"]*rule request-form[^"]*administrator[^"]*\(BH_GATE_HTTP\)"\}$/,
  );
  near.end();
  await over;
  expect(received()).toBe('');
});

test('a refusal names whom the policy says to ask', async () => {
  const { near } = await startGate({ policy: { ...openPolicy, contact: 'platform@example.org' } });
  near.write('GET /no-such-thing HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(String(await readAll(near))).toContain('Ask platform@example.org for a newer version');
});

test('one that comes behind a good one is refused when that has been answered', async () => {
  const { near, engine, received, whenReceived } = await startGate();
  near.write(`${get('/info')}GET /info HTTP/1.0\r\n\r\n`);
  const socket = await engine;
  await whenReceived(/info/);
  socket.write(answer('fine'));
  const text = String(await readAll(near));
  expect(text.startsWith(`${answer('fine')}HTTP/1.1 400 `)).toBe(true);
  expect(received()).toBe(`GET /info HTTP/1.1\r\nhost: docker\r\n${idLine}\r\n`);
});

test('the container whose network another joins is named by its id, which the engine is asked for', async () => {
  const id = 'ab'.repeat(32);
  const { near, received, whenReceived } = await startGate({
    containerId: async (reference) => Promise.resolve(reference === 'web' ? id : undefined),
  });
  const create = (mode: string): string => {
    const body = JSON.stringify({ HostConfig: { NetworkMode: mode } });
    return `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  near.write(create('container:web'));
  await whenReceived(/\}\}$/);
  expect(received()).toContain(`{"HostConfig":{"NetworkMode":"container:${id}","Runtime":"bulkhead"}}`);
  const other = await startGate();
  other.near.write(create('container:web'));
  expect(String(await readAll(other.near))).toMatch(/^HTTP\/1\.1 403 .*No such container: web/s);
  expect(other.received()).toBe('');
});

const attach = (...fields: readonly string[]): string =>
  ['POST /containers/a/attach?stdin=1 HTTP/1.1', 'Host: x', ...fields, '', ''].join('\r\n');
const upgrade = ['Connection: Upgrade', 'Upgrade: tcp'];
const hidden = 'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';

test.each([
  ['an upgrade', upgrade],
  ['an attach of old', []],
])('%s that fails takes what follows with it, even if the engine would go on', async (_what, fields) => {
  const { near, engine, received, whenReceived, over } = await startGate();
  near.write(attach(...fields) + hidden);
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  // As if it had not been told to close.
  socket.write(answer('no such container', '404 Not Found'));
  expect(String(await readAll(near))).toBe(answer('no such container', '404 Not Found'));
  near.end();
  await over;
  expect(received()).toMatch(
    /^POST \/containers\/a\/attach\?stdin=1 HTTP\/1\.1\r\n[^{]*\r\nconnection: close/,
  );
  expect(received()).not.toContain('create');
});

test.each([
  ['with an upgrade', upgrade, 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'],
  ['of old', [], 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n'],
])(
  'a connection taken over %s carries anything, and each direction ends by itself',
  async (_what, fields, head) => {
    const { near, engine, received, whenReceived, over } = await startGate();
    near.write(`${attach(...fields)}early\n\0`);
    const socket = await engine;
    await whenReceived(/\r\n\r\n/);
    expect(received()).not.toContain('early');
    socket.write(`${head}out`);
    await whenReceived(/\r\n\r\nearly\n\0$/);
    near.end(hidden);
    await once(socket, 'end');
    expect(received().endsWith(hidden)).toBe(true);
    socket.end(' put');
    expect(String(await readAll(near))).toBe(`${head}out put`);
    await over;
  },
);

test('a client that has nothing to say to a terminal still sees it to its end', async () => {
  const { near, engine, whenReceived, over } = await startGate();
  near.end(attach(...upgrade));
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  socket.write('HTTP/1.1 101 UPGRADED\r\n\r\n');
  await once(socket, 'end');
  socket.end('output');
  expect(String(await readAll(near))).toBe('HTTP/1.1 101 UPGRADED\r\n\r\noutput');
  await over;
});

test('an answer without a length to another request gives the client no way to the engine', async () => {
  const { near, engine, received, whenReceived } = await startGate();
  near.write(get('/info', ...upgrade) + hidden);
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  socket.write('HTTP/1.1 200 OK\r\n\r\n');
  await nextChunk(near);
  near.write(hidden);
  socket.end('all of it');
  expect(String(await readAll(near))).toBe('all of it');
  expect(received()).toBe(`GET /info HTTP/1.1\r\nhost: docker\r\n${idLine}\r\n`);
});

test('a body to be written anew is asked for, read in pieces and sent whole', async () => {
  const { near, engine, received, whenReceived } = await startGate();
  near.write(
    'POST /v1.51/containers/%63reate HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  expect(String(await nextChunk(near))).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  near.write('10\r\n{"hostConfig":{"\r\n');
  near.write('11\r\nruntime":"runc"}}\r\n0\r\n\r\n');
  const socket = await engine;
  await whenReceived(/\}\}$/);
  const body = '{"HostConfig":{"Runtime":"bulkhead"}}';
  expect(received()).toBe(
    `POST /v1.51/containers/create HTTP/1.1\r\nhost: docker\r\n${idLine}content-length: ${body.length}\r\n\r\n${body}`,
  );
  socket.end(answer('{}', '201 Created'));
  expect(String(await readAll(near))).toBe(answer('{}', '201 Created'));
});

const block = 'x'.repeat(65_536);
test.each([
  ['of a length over 4 MiB', `Content-Length: ${5 << 20}`, '', 'over 4 MiB'],
  ['of chunks over 4 MiB', 'Transfer-Encoding: chunked', `10000\r\n${block}\r\n`.repeat(70), 'over 4 MiB'],
  ['that is not JSON', 'Content-Length: 1', '{', 'not JSON'],
  ['that is no text', 'Content-Length: 3', Buffer.from([0x22, 0xff, 0x22]), 'not UTF-8'],
])('a body %s is refused and reaches nobody', async (_what, framing, body, reason) => {
  const { near, received } = await startGate();
  near.write(`POST /containers/create HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`);
  near.write(body);
  const text = String(await readAll(near));
  expect(text).toMatch(/^HTTP\/1\.1 403 /);
  expect(text).toContain(reason);
  expect(received()).toBe('');
});

test('a body that breaks off in the middle is never ended for the engine', async () => {
  const { near, engine, received, whenReceived } = await startGate();
  near.write('POST /images/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n');
  const socket = await engine;
  await whenReceived(/part/);
  near.write('zz\r\n');
  await once(socket, 'end');
  expect(received().endsWith('\r\n\r\n4\r\npart\r\n')).toBe(true);
  expect(String(await readAll(near))).toMatch(/^HTTP\/1\.1 400 /);
});

test('a large body is not held: a slow engine pauses the client', async () => {
  const { near, engine, received } = await startGate();
  const content = randomBytes(20_000_000);
  near.write(`POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}\r\n\r\n`);
  const socket = await engine;
  socket.pause();
  near.write(content);
  await new Promise((resolve) => setImmediate(resolve));
  expect(near.writableLength).toBeGreaterThan(10_000_000);
  socket.resume();
  await once(near, 'drain');
  socket.end(answer('loaded'));
  expect(String(await readAll(near))).toBe(answer('loaded'));
  const got = received();
  expect(Buffer.from(got.slice(got.indexOf('\r\n\r\n') + 4), 'latin1').equals(content)).toBe(true);
});

test('an engine that answers and closes before it has read a body has its answer passed on', async () => {
  const { near, engine, whenReceived } = await startGate();
  near.write('POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\nbegun');
  const socket = await engine;
  await whenReceived(/begun/);
  socket.end(answer('too much', '413 Too Large', 'Connection: close'));
  near.write(randomBytes(1_000_000));
  expect(String(await readAll(near))).toContain('too much');
});

test('a client that goes lets the engine know, though nothing is being sent', async () => {
  const { near, engine, whenReceived, over } = await startGate();
  near.write(get('/events'));
  const socket = await engine;
  await whenReceived(/events/);
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  // Long before the first event.
  expect(String(await nextChunk(near))).toContain('chunked');
  near.destroy();
  await once(socket, 'end');
  socket.end();
  await over;
});

test('an answer that the engine cuts off is cut off, not ended', async () => {
  const { near, engine, whenReceived, over } = await startGate();
  near.write(get('/images/a/get'));
  const socket = await engine;
  await whenReceived(/get/);
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe');
  expect(String(await nextChunk(near))).toContain('he');
  socket.destroy();
  expect(String(await readAll(near))).toBe('');
  await over;
});

test('interim answers are passed on, and hooks run before the request and before the final answer', async () => {
  const order: string[] = [];
  const hook = (name: string) => async (): Promise<void> => {
    await Promise.resolve();
    order.push(name);
  };
  const { near, engine, whenReceived } = await startGate({ before: hook('before'), after: hook('after') });
  near.write(
    'PUT /containers/a/archive HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n',
  );
  const socket = await engine;
  await whenReceived(/expect: 100-continue/);
  expect(order).toEqual(['before']);
  socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  expect(String(await nextChunk(near))).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  expect(order).toEqual(['before']);
  near.write('x');
  await whenReceived(/\r\n\r\nx$/);
  socket.end(answer('done'));
  expect(String(await readAll(near))).toBe(answer('done'));
  expect(order).toEqual(['before', 'after']);
});

test('an engine that closes an idle connection closes that of the client', async () => {
  const { near, engine, over } = await startGate();
  (await engine).end();
  expect(String(await readAll(near))).toBe('');
  near.end();
  await over;
});

test('what the engine still has to say to a client that is gone is read, and thrown away', async () => {
  const { near, engine, whenReceived, over } = await startGate();
  near.write(get('/images/x/get'));
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n');
  await nextChunk(near);
  const told = once(socket, 'end');
  near.destroy();
  await told;
  const megabyte = Buffer.alloc(1 << 20);
  for (let count = 0; count < 20; count += 1) {
    socket.write(`100000\r\n`);
    await new Promise<void>((resolve, reject) => {
      socket.write(megabyte, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    socket.write('\r\n');
  }
  socket.end();
  await over;
  expect(socket.bytesWritten).toBeGreaterThan(20 << 20);
});

test('a request goes on as it was judged', async () => {
  const id = 'c'.repeat(64);
  const { near, whenReceived, received } = await startGate({
    judge: async (asked) => Promise.resolve(forContainer(asked, id)),
  });
  near.write('POST /v1.43/containers/web/start?detachKeys=web HTTP/1.1\r\nHost: x\r\n\r\n');
  await whenReceived(/\r\n\r\n/);
  expect(received()).toMatch(
    new RegExp(`^POST /v1\\.43/containers/${id}/start\\?detachKeys=web HTTP/1\\.1\r\n`),
  );
});

test('a request that is judged and refused reaches nobody, and the connection ends', async () => {
  const { near, received, over } = await startGate({
    judge: ({ caller, path }) => {
      throw new BulkheadError('BH_GATE_ENDPOINT', { path, what: caller.kind });
    },
  });
  near.write(get('/info') + get('/_ping'));
  const text = String(await readAll(near));
  expect(text).toMatch(/^HTTP\/1\.1 403 /);
  expect(text).toContain('/info: developer');
  near.end();
  await over;
  expect(received()).toBe('');
});
