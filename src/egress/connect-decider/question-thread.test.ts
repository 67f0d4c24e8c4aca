import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTls } from 'node:https';
import { createServer as createTcp, type Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { parseIpAddress } from '../../common/ip-address.js';
import { asker } from './connect-decider.test-support.js';
import { bogusChain } from '../test-support/bogus-chain.js';
import type { RegistryQuestion } from './index.js';
import { QuestionThread } from './question-thread.js';

/** The thread runs what was built. */
const program = new URL('../../../dist/egress/connect-decider/question-worker.js', import.meta.url);

function asking(): QuestionThread {
  const thread = new QuestionThread(program);
  onTestFinished(() => thread.end());
  return thread;
}

async function at(server: Server): Promise<RegistryQuestion> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const loopback = parseIpAddress('127.0.0.1');
  return { scheme: 'http', host: 'a.example', port, addresses: loopback === undefined ? [] : [loopback] };
}

const says = (answer: RequestListener): Server => createServer(answer);

test('each question has its own answer, whichever comes first', async () => {
  const thread = asking();
  const registry = await at(says((_, response) => void setTimeout(() => response.end('{}'), 100)));
  const site = await at(says((_, response) => response.end('<html>')));
  const busy = await at(says((_, response) => response.writeHead(503).end()));
  const all = [registry, site, busy, registry].map(async (question) => thread.ask(question, asker));
  expect(await Promise.all(all)).toEqual(['registry', 'none', 'unsaid', 'registry']);
});

test('what goes by a proxy is asked there', async () => {
  const asked: string[] = [];
  const proxy = says(() => undefined).on('connect', ({ url = '' }: IncomingMessage, client: Duplex) => {
    asked.push(url);
    client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  const { port, ...question } = await at(proxy);
  const hops = [
    {
      kind: 'proxy',
      protocol: 'http',
      host: '127.0.0.1',
      port,
      user: { name: 'me', password: 'secret' },
    } as const,
  ];
  const through = { hops, ask: { host: 'a.example', port: 80 } };
  await expect(asking().ask({ ...question, port: 80, through }, asker)).rejects.toThrow('403');
  expect(asked).toEqual(['a.example:80']);
});

test('where nobody is reached nobody knows, nor where the thread ends; the next question starts another', async () => {
  const thread = asking();
  const gone = createTcp();
  const nowhere = await at(gone);
  gone.close();
  await expect(thread.ask(nowhere, asker)).rejects.toThrow('ECONNREFUSED');
  const silent = createTcp();
  const question = await at(silent);
  const waiting = thread.ask(question, asker);
  const [client] = z.tuple([z.instanceof(Socket)]).parse(await once(silent, 'connection'));
  onTestFinished(() => void client.destroy());
  const outcome = Promise.allSettled([waiting]);
  await thread.end();
  expect(await outcome).toMatchObject([{ reason: { message: 'the thread that asks has ended' } }]);
  const site = await at(says((_, response) => response.end('<html>')));
  expect(await thread.ask(site, asker)).toBe('none');
});

test('a thread that nobody has asked anything for a minute is ended', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const thread = asking();
  const site = await at(says((_, response) => response.end('<html>')));
  const threads = async (): Promise<number> => (await readdir('/proc/self/task')).length;
  expect(await thread.ask(site, asker)).toBe('none');
  const running = await threads();
  vi.advanceTimersByTime(59_999);
  expect(await thread.ask(site, asker)).toBe('none');
  vi.advanceTimersByTime(59_999);
  expect(await threads()).toBe(running);
  vi.advanceTimersByTime(1);
  vi.useRealTimers();
  await expect.poll(threads).toBeLessThan(running);
  expect(await thread.ask(site, asker)).toBe('none');
});

test('a thread that does not come back to its deadlines is ended, and nobody waits for it any longer', async () => {
  const standingStill = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ number, question }) => {
      while (question.host === 'hostile.example');
      parentPort.postMessage({ number, finding: 'none' });
    });`;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const thread = new QuestionThread(new URL(`data:text/javascript,${encodeURIComponent(standingStill)}`));
  onTestFinished(() => thread.end());
  const question = (host: string): RegistryQuestion => ({ scheme: 'https', host, port: 443, addresses: [] });
  const both = Promise.allSettled(
    ['hostile.example', 'honest.example'].map(async (host) => thread.ask(question(host), asker)),
  );
  vi.advanceTimersByTime(60_000);
  const reason = { message: 'the thread that asks did not answer in time' };
  expect(await both).toMatchObject([{ reason }, { reason }]);
  expect(await thread.ask(question('honest.example'), asker)).toBe('none');
});

test('with whoever asked the question ends, and its connection', async () => {
  const thread = asking();
  const silent = createTcp();
  const question = await at(silent);
  const gone = new AbortController();
  const waiting = Promise.allSettled([thread.ask(question, { ...asker, signal: gone.signal })]);
  const [client] = z.tuple([z.instanceof(Socket)]).parse(await once(silent, 'connection'));
  const left = performance.now();
  gone.abort();
  await once(client.resume(), 'close');
  // By itself it does after five seconds.
  expect(performance.now() - left).toBeLessThan(3000);
  expect(await waiting).toMatchObject([{ reason: { message: 'The operation was aborted' } }]);
  await expect(thread.ask(question, { ...asker, signal: gone.signal })).rejects.toThrow('abort');
});

test('servers whose certificates take long keep nobody else’s question, however many there are', async () => {
  const hostile = await at(createTls(bogusChain(16), (_, response) => response.end('<html>')));
  const site = await at(says((_, response) => response.end('<html>')));
  const thread = asking();
  await thread.ask(site, asker);
  const gone = new AbortController();
  const theirs = { client: 'hostile', signal: gone.signal };
  const all = Promise.allSettled(
    Array.from({ length: 48 }, async () => thread.ask({ ...hostile, scheme: 'https' }, theirs)),
  );
  const order: string[] = [];
  void all.then(() => order.push('theirs'));
  for (let count = 0; count < 3; count += 1) {
    expect(await thread.ask(site, asker)).toBe('none');
    order.push('honest');
  }
  gone.abort();
  await all;
  expect(order).toEqual(['honest', 'honest', 'honest', 'theirs']);
});
