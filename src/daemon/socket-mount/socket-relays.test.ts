import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createSocketRelays, type SocketRelays } from './socket-relays.js';

let programs: string;
let directory: string;
let relays: SocketRelays;
let gate: Server;
let serve: (connection: Socket) => void;
beforeAll(async () => {
  programs = mkdtempSync(join(tmpdir(), 'bulkhead-relay-program-'));
  await execa('make', ['--silent', '-C', join(import.meta.dirname, '../socket-relay'), `OUT=${programs}`]);
});
afterAll(() => {
  rmSync(programs, { recursive: true });
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-relay-'));
  relays = createSocketRelays(join(programs, 'socket-relay'));
  await open();
  await relays.start(directory);
});
afterEach(() => {
  relays.stop(directory);
  gate.close();
  rmSync(directory, { recursive: true });
});
async function open(): Promise<void> {
  rmSync(join(directory, 'gate'), { force: true });
  gate = createServer({ allowHalfOpen: true }, (connection) => {
    serve(connection);
  });
  gate.listen(join(directory, 'gate'));
  await once(gate, 'listening');
}
const dial = (): Socket => connect({ path: join(directory, 'docker.sock'), allowHalfOpen: true });

test('both directions arrive whole, and the end of one does not end the other', async () => {
  serve = (connection) => {
    void buffer(connection).then((bytes) => connection.end(bytes));
  };
  const sent = Buffer.alloc(5 << 20, 'x');
  const client = dial();
  client.end(sent);
  expect((await buffer(client)).equals(sent)).toBe(true);
  expect((statSync(join(directory, 'docker.sock')).mode & 0o777).toString(8)).toBe('660');
});

test('a connection that the gate closes is closed, and one that the client closes, too', async () => {
  serve = (connection) => {
    connection.end('refused', () => connection.destroy());
  };
  const client = dial();
  client.write('something');
  expect(await text(client)).toBe('refused');
  const closed = new Promise((resolve) => {
    serve = (connection) => {
      connection.resume().on('error', () => undefined);
      connection.on('close', resolve).on('end', () => connection.end('x'));
    };
  });
  const other = dial();
  await once(other, 'connect');
  other.destroy();
  await closed;
});

test('while nobody listens behind it connections wait', async () => {
  gate.close();
  rmSync(join(directory, 'gate'), { force: true });
  serve = (connection) => {
    connection.end('later');
  };
  const client = dial();
  await once(client, 'connect');
  const answered = text(client);
  await open();
  expect(await answered).toBe('later');
});

test('while no file can be opened connections wait', async () => {
  serve = (connection) => {
    connection.end('later');
  };
  const pid = readFileSync(join(directory, 'relay.pid'), 'utf8');
  const limit = async (files: string) => execa('prlimit', ['--pid', pid, `--nofile=${files}`]);
  // As many as it has open, but for the one the call it waits in has taken already.
  await limit('5:1024');
  expect(await text(dial())).toBe('later');
  const client = dial();
  const answered = text(client);
  // In clock_nanosleep(2) or nanosleep(2).
  await vi.waitFor(() => {
    expect(readFileSync(`/proc/${pid}/syscall`, 'utf8')).toMatch(/^(?:230|35|115|101) /);
  }, 30_000);
  await limit('1024:1024');
  expect(await answered).toBe('later');
});

test('it ends with its connections when it is told to, and nothing else does', async () => {
  serve = () => undefined;
  const pid = readFileSync(join(directory, 'relay.pid'), 'utf8');
  const client = dial();
  await once(client, 'connect');
  relays.stop(programs);
  expect(existsSync(`/proc/${pid}/cwd`)).toBe(true);
  const closed = new Promise((resolve) => client.on('close', resolve));
  client.resume().on('error', () => undefined);
  client.on('end', () => client.end());
  relays.stop(directory);
  await closed;
});

test('what cannot make its socket says so', async () => {
  const taken = join(directory, 'taken');
  mkdirSync(taken);
  writeFileSync(join(taken, 'docker.sock'), '');
  await expect(relays.start(taken)).rejects.toThrow('did not make a socket');
});
