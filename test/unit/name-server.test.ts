import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { answerTo, lastAddress, nameOf, queryFor, rcode } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';

/** The VM's name server as it is in the image, confined, with a resolver of the test's own behind it. */
const source = 'vm-image/name-server';
let dir: string;
let server: ChildProcess;
let port: number;
let resolver: Socket;
/** What the resolver was asked, and by whom. */
const asked: { readonly query: Buffer; readonly from: RemoteInfo }[] = [];

// It is compiled here, twice, beside whatever else the machine does.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-names-'));
  await execa('make', ['--silent', '-C', source, `OUT=${join(dir, 'build')}`]);
  resolver = createSocket('udp4').on('message', (query, from) => {
    asked.push({ query, from });
    if (nameOf(query) === 'forged') resolver.send(answerTo(query, '192.0.2.66', 'f0rged'), from.port);
    if (!nameOf(query).startsWith('silent')) resolver.send(answerTo(query, '192.0.2.1'), from.port);
  });
  resolver.bind(0, '127.0.0.1');
  await once(resolver, 'listening');
  const words = ['--listen', '127.0.0.1:0', '--resolver', `127.0.0.1:${resolver.address().port}`];
  server = spawn(
    join(dir, 'build/name-server'),
    [...words, '--host', '192.168.65.1', '--without', 'ipv6', '--root', join(dir, 'build')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (server.stdout === null) throw new Error('it says its port there');
  for await (const line of createInterface(server.stdout)) {
    port = Number(line);
    break;
  }
});
afterAll(async () => {
  server.kill();
  resolver.close();
  await rm(dir, { recursive: true });
});

test('its parts', async () => {
  const made = await execa('make', ['--silent', '-C', source, 'test', `OUT=${join(dir, 'parts')}`]);
  expect(made.stderr).toBe('');
});

describe('the names of the host', () => {
  test.each(['host.docker.internal', 'gateway.docker.internal', 'KUBERNETES.docker.internal'])(
    '%s',
    async (name) => {
      const answer = await ask(name, 1);
      expect([rcode(answer), lastAddress(answer)]).toEqual([0, '192.168.65.1']);
      expect((await ask(name, 28)).readUInt16BE(6)).toBe(0);
    },
  );

  test('its address has the first of them', async () => {
    expect((await ask('1.65.168.192.in-addr.arpa', 12)).toString('latin1')).toContain('host\x06docker');
  });
});

test('everything else is asked of the resolver, under another id, from sockets that are not told', async () => {
  asked.length = 0;
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => ask(`name${index}.example`, 1)),
  );
  expect(answers.map(lastAddress)).toEqual(answers.map(() => '192.0.2.1'));
  expect(new Set(asked.map(({ from }) => from.port)).size).toBeGreaterThan(4);
  expect(new Set(asked.map(({ query }) => query.readUInt16BE(0))).size).toBeGreaterThan(30);
});

test('what is filtered is nobody’s to ask', async () => {
  asked.length = 0;
  const answer = await ask('name.example', 28);
  expect([rcode(answer), answer.readUInt16BE(6), asked]).toEqual([0, 0, []]);
});

test('an answer to another question is none', async () => {
  expect(lastAddress(await ask('forged', 1))).toBe('192.0.2.1');
});

test('one who floods keeps nobody from asking', async () => {
  const flood = createSocket('udp4');
  flood.bind(0, '127.1.0.1');
  await once(flood, 'listening');
  for (let id = 0; id < 2_000; id += 1) flood.send(queryFor(`silent${id}`, 1, id), port, '127.0.0.1');
  expect(lastAddress(await ask('name.example', 1))).toBe('192.0.2.1');
  flood.close();
});

test('what is no query is no end of it', async () => {
  const socket = createSocket('udp4');
  for (const length of [0, 1, 11, 12, 16, 17, 64, 5_000])
    socket.send(Buffer.alloc(length, 0xff), port, '127.0.0.1');
  expect(lastAddress(await ask('name.example', 1))).toBe('192.0.2.1');
  socket.close();
});

test('it may do nothing but answer, and is there again when it was ended', async () => {
  const workers = async (): Promise<number[]> => {
    const all = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
    return all.split(' ').filter(Boolean).map(Number);
  };
  const [worker = 0] = await workers();
  const status = await readFile(`/proc/${worker}/status`, 'utf8');
  expect(status).toMatch(/^Uid:\t953\t953\t953\t953$/m);
  expect(status).toMatch(/^CapEff:\t0+$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  expect((await readdir(`/proc/${worker}/root`)).sort()).toEqual(['name-server']);
  process.kill(worker, 'SIGKILL');
  await eventually(async () => {
    const [other] = await workers();
    if (other === undefined || other === worker) throw new Error('there is none yet');
  }, 30_000);
  expect(lastAddress(await ask('name.example', 1))).toBe('192.0.2.1');
});

/** Asks again where nothing comes, as resolvers of programs do. */
async function ask(name: string, type: number): Promise<Buffer> {
  const socket = createSocket('udp4');
  const query = queryFor(name, type, Math.floor(Math.random() * 65_536));
  const send = (): void => {
    socket.send(query, port, '127.0.0.1');
  };
  const again = setInterval(send, 500);
  try {
    send();
    for (;;) {
      const answer = await nextMessage(socket);
      if (answer.readUInt16BE(0) === query.readUInt16BE(0)) return answer;
    }
  } finally {
    clearInterval(again);
    socket.close();
  }
}

function nextMessage(socket: Socket): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => {
    reject(new Error('no answer within 30 s'));
  }, 30_000);
  socket.once('message', (message) => {
    clearTimeout(timer);
    resolve(message);
  });
  return promise;
}
