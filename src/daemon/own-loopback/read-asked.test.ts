import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type Server } from 'node:net';
import { duplexPair } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { AdmittedContents, compileRules } from '../../egress/index.js';
import { openTcp } from '../../egress/upstream-proxy/open-tcp.js';
import { engineDecision } from '../../egress/gateway/connection-decision.js';
import { settingsOf } from '../../egress/test-support/settings.js';
import { fromFreePort, ownPort } from '../own-port.js';
import { readAsked } from './read-asked.js';

const imageAccess = {
  default: 'deny',
  rules: [
    { repository: 'localhost:5000/team/*', action: 'allow' },
    { repository: 'registry.corp:5000/**', action: 'allow' },
    { repository: '10.0.0.5:5000/**', action: 'allow' },
  ],
};

function portOf(server: Server): number {
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

interface Tested {
  /** What is answered to a request for this. */
  readonly ask: (target: string, host: string, method?: string) => Promise<string>;
  readonly say: (words: string, localPort?: number) => Promise<string>;
  /** The port it listens at. */
  readonly reader: number;
  /** What whoever is on the loopback was asked. */
  readonly asked: string[];
  /** Where it was looked for. */
  readonly opened: string[];
  readonly decided: string[];
}

/** Whoever is on the loopback, wherever: a registry. */
async function tested(bulkhead: object = { imageAccess }): Promise<Tested> {
  const [asked, opened, decided]: [string[], string[], string[]] = [[], [], []];
  const answer: RequestListener = ({ method, url, headers }, response) => {
    asked.push(`${method} ${headers.host}${url}`);
    response.end('{}');
  };
  const registry = createServer(answer).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const port = portOf(registry);
  const rules = compileRules(settingsOf({ bulkhead: { contact: 'it@example.com', ...bulkhead } }), {
    namespaces: new Set(),
  });
  const server = await readAsked({
    address: '127.0.0.1',
    rules: () => rules,
    known: new AdmittedContents(),
    pulled: {
      manifest: async () => Promise.resolve(),
      named: async () => Promise.resolve(),
      awaits: () => false,
      contents: async () => Promise.resolve(),
    },
    onDecision: (each) => {
      const { outcome, destination, rule = '' } = engineDecision(each);
      decided.push(`${outcome} ${destination} ${rule}`.trim());
    },
    reach: {
      loopback: ['::1', '127.0.0.1'],
      isOwn: ({ value }) => value === 0xac110001n,
      open: async (address, asPort) => {
        opened.push(`${address}:${asPort}`);
        if (asPort === 5000 && address === '::1') throw new Error('nobody is there');
        return openTcp('127.0.0.1', port, AbortSignal.timeout(10_000));
      },
      contact: 'it@example.com',
    },
  });
  const reader = portOf(server);
  const say: Tested['say'] = async (words, localPort) => {
    const from = localPort === undefined ? {} : { localPort };
    const socket = connect({ host: '127.0.0.1', port: reader, ...from });
    await once(socket, 'connect');
    socket.write(words, 'latin1');
    let said = '';
    for await (const chunk of socket.setEncoding('latin1')) said += String(chunk);
    return said;
  };
  const ask: Tested['ask'] = async (target, host, method = 'GET') =>
    say(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return { ask, say, reader, asked, opened, decided };
}

const passed = /^HTTP\/1\.1 200 /;
const manifest = (repository: string): string => `/v2/${repository}/manifests/1`;

test('what a rule admits is asked for where its Host says, and nothing else of the same registry', async () => {
  const { ask, asked, opened, decided } = await tested();
  expect(await ask(manifest('team/x'), 'localhost:5000')).toMatch(passed);
  const refused = await ask(manifest('other/x'), 'localhost:5000');
  expect(refused).toMatch(/^HTTP\/1\.1 403 image access denied: no rule names its repository/);
  expect(refused).toMatch(
    /"code":"DENIED".*localhost:5000\/other\/x:1 is refused by rule image-access \(bulkhead\.imageAccess\.default\).*Setting: bulkhead\.imageAccess.*it@example\.com/,
  );
  // Nobody answers at the first of its addresses.
  expect(opened).toEqual(['::1:5000', '127.0.0.1:5000']);
  expect(asked).toEqual(['GET localhost:5000/v2/team/x/manifests/1']);
  expect(decided).toEqual(['allowed localhost:5000/team/x', 'refused localhost:5000 image-access']);
});

test('by another name of the place it is another repository', async () => {
  const { ask, asked } = await tested();
  for (const host of ['127.0.0.1:5000', '[::1]:5000', 'x.localhost:5000', 'localhost:5001', 'localhost'])
    expect([host, await ask(manifest('team/x'), host)]).toEqual([
      host,
      expect.stringMatching(/^HTTP\/1\.1 403 image access denied/),
    ]);
  expect(asked).toEqual([]);
});

test('what names no repository is asked of every address of the engine, at the port that is said or 80', async () => {
  const { ask, opened } = await tested();
  for (const host of ['127.0.0.2', '172.17.0.1:5000', '[::1]:5001', 'x.localhost:5001'])
    expect([host, await ask('/file', host)]).toEqual([host, expect.stringMatching(passed)]);
  expect(opened).toEqual(['127.0.0.2:80', '172.17.0.1:5000', '::1:5001', '::1:5001']);
});

test('whoever is somebody else is not taken for who is here, though every image of it is admitted', async () => {
  const { ask, opened, decided } = await tested();
  for (const host of ['registry.corp:5000', '10.0.0.5:5000'])
    expect(await ask(manifest('team/x'), host)).toMatch(
      /^HTTP\/1\.1 403 The request to (registry\.corp|10\.0\.0\.5):5000 is refused by rule registry-requests, because its Host is somebody else.*it@example\.com/s,
    );
  expect(opened).toEqual([]);
  expect(decided).toEqual(
    ['registry.corp', '10.0.0.5'].map((host) => `refused ${host}:5000/team/x registry-requests`),
  );
});

test('each request of a connection is decided, by its own Host', async () => {
  const { say, asked } = await tested();
  const one = (repository: string, more = ''): string =>
    `GET ${manifest(repository)} HTTP/1.1\r\nHost: localhost:5000\r\n${more}\r\n`;
  const said = await say(one('team/x') + one('other/x') + one('team/y', 'Connection: close\r\n'));
  expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403', 'HTTP/1.1 200']);
  expect(asked).toHaveLength(2);
});

test('rules of registries count as well', async () => {
  const registryAccess = { rules: [{ host: 'localhost', port: 5000 }] };
  const { ask } = await tested({ imageAccess, registryAccess });
  expect(await ask(manifest('team/x'), 'localhost:5000')).toMatch(passed);
  expect(await ask('/v2/team/x/blobs/uploads/', 'localhost:5000', 'POST')).toMatch(
    /^HTTP\/1\.1 403 .*rule registry-access/,
  );
  expect(await ask('/file', 'localhost:6000')).toMatch(/^HTTP\/1\.1 403 .*rule registry-access/);
});

/** What a client of TLS begins with. */
async function clientHello(): Promise<Buffer> {
  const [client, other] = duplexPair();
  connectTls({ socket: client }).on('error', () => undefined);
  const [hello] = z.tuple([z.instanceof(Buffer)]).parse(await once(other, 'data'));
  client.destroy();
  return hello;
}

test('who begins with TLS is told that there is none, and what is no request is none', async () => {
  const { say, ask, opened } = await tested();
  const hello = await clientHello();
  expect(await say(hello.toString('latin1'))).toContain('Client sent an HTTPS request to an HTTP server.');
  expect(await say('GET /v2/ HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 403 .*its Host is missing/,
  );
  expect(await ask('/v2/team/../x/manifests/1', 'localhost:5000')).toMatch(
    /^HTTP\/1\.1 403 .*rule registry-requests/,
  );
  expect(opened).toEqual([]);
});

// Whoever has no such port is not bulkheadd.
test.runIf(process.getuid?.() === 0)(
  'bulkheadd does not ask itself what it was asked, in circles',
  async () => {
    const { ask, say, reader, opened, decided } = await tested();
    const request = `GET /file HTTP/1.1\r\nHost: localhost:${reader}\r\nConnection: close\r\n\r\n`;
    await expect(
      fromFreePort(ownPort, async (port) => say(request, port)).then((said) => {
        if (said === '') throw new Error('it breaks off');
        return said;
      }),
    ).rejects.toThrow(/breaks off|ECONNRESET/);
    expect([opened, decided]).toEqual([[], []]);
    expect(await ask('/file', `localhost:${reader}`)).toMatch(passed);
  },
);

test('who begins with TLS and stays is not waited for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const hello = await clientHello();
  const { reader } = await tested();
  const socket = connect({ host: '127.0.0.1', port: reader, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(hello);
  await once(socket.resume(), 'end');
  vi.advanceTimersByTime(30_000);
  // It can be written to as long as the other side is there.
  const ended = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  const beat = setInterval(() => socket.write('x'), 10);
  onTestFinished(() => clearInterval(beat));
  await ended;
  expect(socket.destroyed).toBe(true);
});
