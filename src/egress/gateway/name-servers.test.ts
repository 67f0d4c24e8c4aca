import { createSocket, type Socket } from 'node:dgram';
import { getEventListeners, once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { askNameServers } from './ask-name-server.js';
import { hostNameServers, parseNameServer } from './name-servers.js';

const opened: Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

/** @param answers to each question, after one another. */
async function serve(
  ...answers: readonly ((question: Buffer) => Buffer)[]
): Promise<{ address: string; port: number }> {
  const socket = createSocket('udp4').on('message', (question, from) => {
    for (const answer of answers) socket.send(answer(question), from.port, from.address);
  });
  opened.push(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: '127.0.0.1', port: socket.address().port };
}

const question = Buffer.from('abcdefghijklmnop');
const never = new AbortController().signal;
/** Where nobody listens: below the ports that are given out, as one that was just given back may be that of who asks, and then answers itself. */
const gone = { address: '127.0.0.1', port: 1 };

test('addresses of name servers as Node writes them', () => {
  expect(parseNameServer('192.0.2.1')).toEqual({ address: '192.0.2.1', port: 53 });
  expect(parseNameServer('192.0.2.1:5353')).toEqual({ address: '192.0.2.1', port: 5353 });
  expect(parseNameServer('2001:db8::1')).toEqual({ address: '2001:db8::1', port: 53 });
  expect(parseNameServer('[2001:db8::1]:5353')).toEqual({ address: '2001:db8::1', port: 5353 });
  for (const text of ['', 'example.com', '192.0.2.1:0', '192.0.2.1:65536', '[x]:53', '192.0.2.1:53 '])
    expect(() => parseNameServer(text)).toThrow(RangeError);
});

test('those of the host are looked up again when they are no longer fresh', () => {
  let now = 0;
  let server = '192.0.2.1';
  const servers = hostNameServers(
    () => [server],
    () => now,
  );
  expect(servers()).toEqual([{ address: '192.0.2.1', port: 53 }]);
  server = '192.0.2.2';
  now = 4999;
  expect(servers()[0]?.address).toBe('192.0.2.1');
  now = 5000;
  expect(servers()[0]?.address).toBe('192.0.2.2');
});

test('the first server that answers is heard; one at which nobody listens costs no time', async () => {
  const right = await serve((asked) => Buffer.concat([asked, Buffer.from('!')]));
  expect(String(await askNameServers([gone, right], question, never))).toBe('abcdefghijklmnop!');
});

test('an answer to another question, or too short for one, is none', async () => {
  const server = await serve(
    () => Buffer.from('xbcdefghijklmnop'),
    () => Buffer.from('ab'),
    (asked) => asked,
  );
  expect(await askNameServers([server], question, never)).toEqual(question);
});

test('a question too short for one is not asked, and one nobody wants any more is given up', async () => {
  const silent = await serve();
  expect(await askNameServers([silent], Buffer.from('short'), never)).toBeUndefined();
  const given = new AbortController();
  const answer = askNameServers([silent, silent], question, given.signal);
  given.abort();
  expect(await answer).toBeUndefined();
});

test('nothing is left of many questions, answered or not, at a signal that outlives them', async () => {
  const right = await serve((asked) => asked);
  const { signal } = new AbortController();
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  for (let i = 0; i < 200; i++)
    expect(await askNameServers([gone, right], question, signal)).toEqual(question);
  for (let i = 0; i < 200; i++) expect(await askNameServers([gone], question, signal)).toBeUndefined();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(timers()).toBeLessThan(before + 100);
});
