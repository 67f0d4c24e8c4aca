import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchPac, type FetchPac, PacFailure, PacFile } from './index.js';

const hour = 3600 * 1000;

/** A server that does what it is told, and a clock. */
function scene() {
  const state = { now: 0, answer: 'one' as string | Error, asked: 0 };
  const file = new PacFile(
    'http://pac.example/p',
    async () => {
      state.asked += 1;
      return typeof state.answer === 'string' ? Promise.resolve(state.answer) : Promise.reject(state.answer);
    },
    () => state.now,
  );
  return { state, file };
}

describe('PacFile', () => {
  test('H13 without a file there is no answer, and its server is not pestered', async () => {
    const { state, file } = scene();
    state.answer = new Error('the answer is 404');
    await expect(file.text()).rejects.toThrow(PacFailure);
    await expect(file.text()).rejects.toThrow(
      'could not be loaded from http://pac.example/p: the answer is 404',
    );
    expect(state.asked).toBe(1);
    state.now += 10_000;
    state.answer = 'two';
    expect(await file.text()).toBe('two');
  });

  test('H13 while its server does not answer all wait for the one question, and are told why there is none', async () => {
    const answer = Promise.withResolvers<string>();
    let asked = 0;
    const fetched: FetchPac = () => {
      asked += 1;
      return answer.promise;
    };
    const file = new PacFile('http://pac.example/p', fetched, () => 0);
    const waiting = [file.text(), file.text()];
    answer.reject(new Error('its server did not answer within 10000 ms'));
    const told: unknown = expect.stringContaining('did not answer within 10000 ms');
    const reason: unknown = expect.objectContaining({
      message: told,
    });
    expect(await Promise.allSettled(waiting)).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await expect(file.text()).rejects.toThrow('did not answer within 10000 ms');
    expect(asked).toBe(1);
  });

  test('is asked for once an hour, by all together', async () => {
    const { state, file } = scene();
    expect(await Promise.all([file.text(), file.text()])).toEqual(['one', 'one']);
    state.answer = 'two';
    state.now += hour - 1;
    expect(await file.text()).toBe('one');
    state.now += 1;
    expect(await file.text()).toBe('two');
    expect(state.asked).toBe(2);
  });

  test('is kept for a day when its server does not answer', async () => {
    const { state, file } = scene();
    await file.text();
    state.answer = new Error('gone');
    state.now += 24 * hour - 1;
    expect(await file.text()).toBe('one');
    state.now += 1;
    await expect(file.text()).rejects.toThrow('gone');
  });
});

describe('fetchPac', () => {
  let server: Server;
  let base = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/ok') response.end('function');
      else if (request.url === '/moved') response.writeHead(302, { location: '/ok' }).end();
      else if (request.url === '/large') response.end(Buffer.alloc(1024 * 1024 + 1, 32));
      else if (request.url === '/hangs') return;
      else if (request.url === '/stalls') response.write('function');
      else if (request.url === '/bytes') response.end(Buffer.from([0xff]));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') base = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('takes what is there, and nothing else', async () => {
    expect(await fetchPac(`${base}/ok`)).toBe('function');
    expect(await fetchPac(`${base}/moved`)).toBe('function');
    await expect(fetchPac(`${base}/none`)).rejects.toThrow('404');
    await expect(fetchPac(`${base}/large`)).rejects.toThrow('larger');
    await expect(fetchPac(`${base}/bytes`)).rejects.toThrow('encoded data');
  });

  test.each(['hangs', 'stalls'])('H13 of a server that %s there is none, after a while', async (path) => {
    await expect(fetchPac(`${base}/${path}`, 100)).rejects.toThrow('did not answer within 100 ms');
  });
});
