import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readAll } from '../../channel/test-support/streams.js';
import { readLines } from '../../common/line-reader.js';

vi.setConfig({ testTimeout: 60_000 });

let directory = '';
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bh-publish-'));
  await execa('make', ['--silent', '-C', import.meta.dirname, `OUT=${directory}`, `${directory}/checked`]);
  // Says what it was called with once a byte has come to the socket it was given; while there is a file `busy` it has another socket, as for a connection.
  const script = [
    '#!/bin/sh',
    'head -c 1 <&4 > /dev/null',
    `[ -e ${directory}/busy ] && exec 5<&4`,
    `echo "$$ $*" > ${directory}/made`,
    `mv ${directory}/made ${directory}/proxied`,
    'exec sleep 600',
    '',
  ];
  writeFileSync(join(directory, 'docker-proxy'), script.join('\n'));
  chmodSync(join(directory, 'docker-proxy'), 0o755);
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

const children: ChildProcess[] = [];
let bulkheadd: Server | undefined;
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  bulkheadd?.close();
  bulkheadd = undefined;
  rmSync(join(directory, 'ports.sock'), { force: true });
  rmSync(join(directory, 'proxied'), { force: true });
  rmSync(join(directory, 'busy'), { force: true });
  rmSync(join(directory, 'cgroups'), { recursive: true, force: true });
});

const words = '-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80'.split(
  ' ',
);

interface Started {
  readonly child: ChildProcess;
  /** All it answers dockerd. */
  readonly answer: Promise<string>;
  /** The other end of what dockerd has bound. */
  readonly socket: Duplex;
  readonly exited: Promise<unknown[]>;
}

function start(args: readonly string[] = [...words, '-use-listen-fd']): Started {
  const child = spawn(join(directory, 'checked'), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
  });
  children.push(child);
  const [, , , answer, socket] = child.stdio;
  if (!isDuplex(answer) || !isDuplex(socket)) throw new Error('no pipes');
  const exited = once(child, 'exit');
  return { child, answer: readAll(answer).then(String), socket, exited };
}
function isDuplex(stream: unknown): stream is Duplex {
  return typeof stream === 'object' && stream !== null && 'write' in stream && 'read' in stream;
}

interface Lease {
  readonly line: string;
  readonly socket: Socket;
  /** What comes later, a line each; ends with undefined. */
  readonly next: () => Promise<string | undefined>;
}

/** Listens as bulkheadd does, and gives each lease that is asked for. */
async function listen(): Promise<() => Promise<Lease>> {
  const path = join(directory, 'ports.sock');
  const leases = queue<Lease>();
  const server = createServer((socket) => {
    const lines = queue<string | undefined>();
    let first = true;
    void readLines(socket, (line) => {
      if (first) leases.put({ line, socket, next: lines.take });
      else lines.put(line);
      first = false;
    }).then(() => lines.put(undefined));
  });
  server.listen(path);
  await once(server, 'listening');
  bulkheadd = server;
  return leases.take;
}

function queue<T>(): { readonly put: (value: T) => void; readonly take: () => Promise<T> } {
  const values: { readonly value: T }[] = [];
  const takers: ((value: T) => void)[] = [];
  return {
    put(value) {
      const taker = takers.shift();
      if (taker === undefined) values.push({ value });
      else taker(value);
    },
    take: () =>
      new Promise((resolve) => {
        const next = values.shift();
        if (next === undefined) takers.push(resolve);
        else resolve(next.value);
      }),
  };
}

const proxied = (): string => readFileSync(join(directory, 'proxied'), 'utf8').trim();
/** Gone, or waited for by nobody that lives. */
function isGone(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

test('without bulkheadd dockerd is answered at once, and docker-proxy is started by the first connection alone', async () => {
  const { child, answer, socket, exited } = start();
  expect(await answer).toBe('0\n');
  const { stdout } = await execa('/usr/bin/pgrep', ['-P', String(child.pid)], { reject: false });
  expect(stdout).toBe('');
  socket.write('x');
  await vi.waitFor(proxied, 30_000);
  const [pid = '', ...rest] = proxied().split(' ');
  expect(rest).toEqual([...words, '-use-listen-fd']);
  // By which the firewall knows it; whoever is not root cannot give it one.
  const groups = /^Gid:\t(\d+)\t/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  expect(groups).toBe(String(process.getuid?.() === 0 ? 60_954 : process.getgid?.()));
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  await vi.waitFor(() => expect(isGone(Number(pid))).toBe(true), 30_000);
});

test('a docker-proxy that has had nothing to do for two looks is ended, and started again by who comes next', async () => {
  const { answer, socket } = start();
  await answer;
  socket.write('x');
  await vi.waitFor(proxied, 30_000);
  const pid = (): number => Number(proxied().split(' ')[0]);
  const first = pid();
  await vi.waitFor(() => expect(isGone(first)).toBe(true), 30_000);
  writeFileSync(join(directory, 'busy'), '');
  socket.write('x');
  await vi.waitFor(() => expect(pid()).not.toBe(first), 30_000);
  const second = pid();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(isGone(second)).toBe(false);
  expect(readFileSync(`/proc/${second}/stat`, 'utf8')).toMatch(/ S /);
});

/** A cgroup of this name with so many tasks; the way to read who has joined it. */
function cgroup(name: string, tasks: number, most: number): () => string {
  const path = join(directory, 'cgroups', 'pids', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'pids.current'), `${tasks}\n`);
  writeFileSync(join(path, 'pids.max'), `${most}\n`);
  writeFileSync(join(path, 'cgroup.procs'), '');
  return () => readFileSync(join(path, 'cgroup.procs'), 'utf8');
}

test('it and docker-proxy are in cgroups of their own, where the machine has them', async () => {
  const [ports, proxies] = [cgroup('bulkhead-ports', 9, 10), cgroup('bulkhead-proxies', 0, 24)];
  const { answer, socket } = start();
  expect(await answer).toBe('0\n');
  expect([ports(), proxies()]).toEqual(['0', '']);
  socket.write('x');
  await vi.waitFor(proxied, 30_000);
  expect(proxies()).toBe('0');
});

test('where there are as many ports as there may be the next is refused', async () => {
  cgroup('bulkhead-ports', 10, 10);
  const { answer, exited } = start();
  expect(await answer).toBe('1\nthere are as many published ports already as there may be at once');
  expect(await exited).toEqual([1, null]);
});

test('where there is no room for a docker-proxy none is started, until there is', async () => {
  cgroup('bulkhead-proxies', 1, 24);
  const { answer, socket } = start();
  await answer;
  socket.write('x');
  await expect(vi.waitFor(proxied, 2500)).rejects.toThrow('ENOENT');
  cgroup('bulkhead-proxies', 0, 24);
  await vi.waitFor(proxied, 30_000);
});

test('a cgroup that can not be joined is a refusal', async () => {
  mkdirSync(join(directory, 'cgroups', 'bulkhead-ports', 'cgroup.procs'), { recursive: true });
  expect(await start().answer).toBe('1\nIs a directory');
});

test('SCTP is left to docker-proxy as it is', async () => {
  const { child, socket } = start(words.with(1, 'sctp'));
  socket.write('x');
  await vi.waitFor(proxied, 30_000);
  expect(proxied()).toBe(`${child.pid} ${words.with(1, 'sctp').join(' ')}`);
});

test.each([
  ['an option nobody knows', [...words, '-x']],
  ['an option twice', [...words, '-proto', 'tcp']],
  ['an option without its value', words.slice(0, -1)],
  ['no container', words.slice(0, 6)],
  ['a name for an address', words.with(3, 'localhost')],
  ['a port beyond all', words.with(5, '65536')],
  ['a port 0', words.with(5, '0')],
  ['words in a port', words.with(5, '80 90')],
  ['another protocol', words.with(1, 'icmp')],
])('%s is refused', async (_what, args) => {
  const { answer, exited } = start([...args, '-use-listen-fd']);
  expect(await answer).toBe('1\npublish-port was not asked as dockerd asks');
  expect(await exited).toEqual([1, null]);
});

test('bulkheadd is asked, dockerd answered when it is, and the lease given back before the end', async () => {
  const take = await listen();
  const { child, answer, exited } = start();
  const lease = await take();
  expect(lease.line).toBe('publish tcp 0.0.0.0 8080 172.17.0.2 80 0');
  lease.socket.write('ok 1024\n');
  expect(await answer).toBe('0\n');
  child.kill('SIGINT');
  expect(await lease.next()).toBe('release');
  expect(child.exitCode).toBeNull();
  lease.socket.end();
  expect(await exited).toEqual([0, null]);
});

test("bulkheadd's refusal is dockerd's answer", async () => {
  const take = await listen();
  const { answer, exited } = start();
  (await take()).socket.end('error listen tcp4 0.0.0.0:8080: bind: address already in use\n');
  expect(await answer).toBe('1\nlisten tcp4 0.0.0.0:8080: bind: address already in use');
  expect(await exited).toEqual([1, null]);
});

test.each([
  ['ends', '', 'bulkheadd, which publishes ports, ended'],
  ['says something else', 'yes\n', 'bulkheadd said something unknown'],
  ['names no port', 'ok 70000\n', 'bulkheadd said something unknown'],
])('a bulkheadd that %s is an error', async (_what, said, reason) => {
  const take = await listen();
  const { answer } = start();
  (await take()).socket.end(said);
  expect(await answer).toBe(`1\n${reason}`);
});

test('when bulkheadd is started again the port is registered anew, with the guest port it had', async () => {
  const take = await listen();
  const { child, answer, exited } = start();
  const first = await take();
  first.socket.write('ok 1234\n');
  expect(await answer).toBe('0\n');
  first.socket.destroy();
  const second = await take();
  expect(second.line).toBe('publish tcp 0.0.0.0 8080 172.17.0.2 80 1234');
  // Before it has answered as well.
  second.socket.destroy();
  const third = await take();
  third.socket.write('ok 1234\n');
  child.kill('SIGTERM');
  expect(await third.next()).toBe('release');
  third.socket.end();
  expect(await exited).toEqual([0, null]);
});

test('a bulkheadd that does not take the port again changes nothing for the container', async () => {
  const take = await listen();
  const { child, answer, exited } = start();
  const first = await take();
  first.socket.write('ok 1234\n');
  await answer;
  first.socket.destroy();
  const second = await take();
  second.socket.write('error no\n');
  expect(await second.next()).toBeUndefined();
  expect(child.exitCode).toBeNull();
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
});

test('dockerd that is killed ends it', async () => {
  const take = await listen();
  const { child, exited } = start();
  const lease = await take();
  child.kill('SIGTERM');
  expect(await lease.next()).toBe('release');
  lease.socket.end();
  expect(await exited).toEqual([0, null]);
});
