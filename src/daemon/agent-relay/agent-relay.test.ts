import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 30_000 });

let programs = '';
beforeAll(async () => {
  programs = mkdtempSync(join(tmpdir(), 'bh-agent-relay-'));
  await execa('make', ['--silent', '-C', import.meta.dirname, `OUT=${programs}`, `${programs}/checked`]);
}, 60_000);
afterAll(() => rmSync(programs, { recursive: true }));

/** What PID 1 and bulkheadd do together: Node would take connections itself by a socket it listens on. */
const listening = `import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
listener.listen(512)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
print('listens', flush=True)
os.execv(sys.argv[2], sys.argv[2:])`;
const relayed = (): string[] => [join(programs, 'checked'), join(directory, 'gate')];

/** A process that starts all this and waits. */
const starting = `import subprocess, sys
subprocess.run([sys.executable, '-c', *sys.argv[1:]])`;

/** MOST_CONNECTIONS of agent-relay.c. */
const places = 256;

let directory = '';
let gate: Server;
let relay: ChildProcess;
let complaints = '';
let callers: Socket[];
let serve: (connection: Socket) => void;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bh-agent-'));
  callers = [];
  complaints = '';
  serve = (connection) => void connection.resume();
  await openGate();
  relay = spawn('python3', ['-c', listening, join(directory, 'agent'), ...relayed()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  relay.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const { stdout } = relay;
  if (stdout === null) throw new Error('no output');
  await once(stdout, 'data');
});
afterEach(async () => {
  for (const caller of callers) caller.destroy();
  gate.close();
  relay.kill('SIGKILL');
  await once(relay, 'close');
  rmSync(directory, { recursive: true });
  if (complaints !== '') throw new Error(complaints);
});

async function openGate(): Promise<void> {
  rmSync(join(directory, 'gate'), { force: true });
  gate = createServer({ allowHalfOpen: true }, (connection) => {
    connection.on('error', () => undefined);
    serve(connection);
  });
  gate.listen(join(directory, 'gate'));
  await once(gate, 'listening');
}

function call(name = 'agent'): Socket {
  const caller = connect({ path: join(directory, name), allowHalfOpen: true });
  caller.on('error', () => undefined);
  callers.push(caller);
  return caller;
}

const echo = (connection: Socket): void => void connection.pipe(connection);
const head = (uid: number): Buffer => Buffer.from([0, 0, 0, 4, 0, 0, uid >> 8, uid & 0xff]);

test('the first thing that is said is who asks, as the kernel knows it', async () => {
  serve = echo;
  const own = call();
  own.end('hello');
  expect(await buffer(own)).toEqual(Buffer.concat([head(process.getuid?.() ?? 0), Buffer.from('hello')]));
});

test('of a process of another user it says that one', async () => {
  const attempt = join(directory, 'attempt');
  copyFileSync(join(import.meta.dirname, '../../../test/probes/build/attempt'), attempt);
  for (const path of [directory, attempt]) chmodSync(path, 0o755);
  serve = echo;
  const { stdout } = await execa(attempt, ['agent-say', join(directory, 'agent'), '00'], { uid: 4711 });
  expect(stdout.split('\n')[0]).toBe(head(4711).subarray(4).toString('hex'));
});

test('both ways at once, more than any buffer holds, and each end for itself', async () => {
  const bytes = randomBytes(4 << 20);
  let heard: Promise<Buffer> | undefined;
  serve = (connection) => {
    heard = buffer(connection);
    connection.end(bytes);
  };
  const caller = call();
  const got = buffer(caller);
  expect((await got).equals(bytes)).toBe(true);
  expect(await heard).toEqual(head(process.getuid?.() ?? 0));

  serve = (connection) => {
    heard = buffer(connection);
    void heard.then(() => connection.end('done'));
  };
  const other = call();
  other.end(bytes);
  expect(String(await buffer(other))).toBe('done');
  expect((await heard)?.subarray(8).equals(bytes)).toBe(true);
});

test('who does not read what was answered keeps no place once bulkheadd has closed', async () => {
  const answer = Buffer.alloc(1 << 20);
  let closed = 0;
  serve = (connection) => {
    connection.once('close', () => (closed += 1));
    connection.resume().write(answer);
    setTimeout(() => connection.destroy(), 50);
  };
  const idle = Array.from({ length: places + 20 }, () => call().pause());
  await expect.poll(() => closed, { timeout: 20_000 }).toBe(idle.length);
  serve = echo;
  const next = call();
  next.end();
  expect(await buffer(next)).toHaveLength(8);
});

test('those too many wait, and are taken when others have gone', async () => {
  let here = 0;
  serve = (connection) => {
    here += 1;
    connection.resume();
  };
  const many = Array.from({ length: places + 10 }, () => call());
  await expect.poll(() => here, { timeout: 10_000 }).toBe(places);
  for (const caller of many.slice(0, 10)) caller.destroy();
  await expect.poll(() => here, { timeout: 10_000 }).toBe(places + 10);
});

test('while nobody is at the gate who connects is told so at once, and served when somebody is again', async () => {
  gate.close();
  await once(gate, 'close');
  expect(await buffer(call())).toHaveLength(0);
  serve = echo;
  await openGate();
  const next = call();
  next.end();
  expect(await buffer(next)).toHaveLength(8);
});

test('it ends with the process that started it', async () => {
  const parent = spawn('python3', ['-c', starting, listening, join(directory, 'other'), ...relayed()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { stdout } = parent;
  if (stdout === null) throw new Error('no output');
  await once(stdout, 'data');
  serve = echo;
  await once(call('other'), 'data');
  parent.kill('SIGKILL');
  // The relay has this output as well.
  await expect(once(stdout.resume(), 'close')).resolves.toEqual([false]);
});
