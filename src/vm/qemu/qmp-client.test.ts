import { spawn } from 'node:child_process';
import { Duplex, duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readLines } from '../../common/line-reader.js';
import { QmpClient } from './qmp-client.js';
import type { QmpEvent } from './qmp-messages.js';

const greeting = {
  QMP: { version: { qemu: { major: 10, minor: 0, micro: 2 }, package: '' }, capabilities: [] },
};

const commandSchema = z.object({ execute: z.string(), id: z.int(), arguments: z.unknown() });
type Command = z.infer<typeof commandSchema>;

/** A QEMU that answers by a script; `send` writes raw objects. */
function fakeQemu(answer: (command: Command, send: (message: object) => void) => void) {
  const [ours, theirs] = duplexPair();
  const send = (message: object): void => void theirs.write(`${JSON.stringify(message)}\r\n`);
  const seen: Command[] = [];
  void readLines(theirs, (line) => {
    const command = commandSchema.parse(JSON.parse(line));
    seen.push(command);
    answer(command, send);
  });
  return { client: new QmpClient(ours), send, seen, close: () => theirs.end(), raw: theirs };
}

const obliging = (command: Command, send: (message: object) => void): void =>
  send({ return: {}, id: command.id });

test('waits for the greeting, then negotiates before anything else', async () => {
  const { client, send, seen } = fakeQemu(obliging);
  const connected = client.connect();
  send(greeting);
  expect(await connected).toBe('10.0.2');
  expect(seen.map((command) => command.execute)).toEqual(['qmp_capabilities']);
});

test('answers find their commands by id, in any order', async () => {
  const waiting: Command[] = [];
  const { client, send } = fakeQemu((command) => {
    waiting.push(command);
    if (waiting.length === 2)
      for (const one of waiting.toReversed()) send({ return: one.execute, id: one.id });
  });
  expect(await Promise.all([client.execute('first'), client.execute('second', { x: 1 })])).toEqual([
    'first',
    'second',
  ]);
});

test('events are given out in order, also between a command and its answer', async () => {
  const { client } = fakeQemu((command, send) => {
    send({ event: 'ONE', data: { n: 1 }, timestamp: {} });
    send({ event: 'TWO' });
    send({ return: {}, id: command.id });
  });
  const events: QmpEvent[] = [];
  const stop = client.onEvent((event) => events.push(event));
  await client.execute('x');
  stop();
  await client.execute('y');
  expect(events).toEqual([
    { event: 'ONE', data: { n: 1 } },
    { event: 'TWO', data: {} },
  ]);
});

test('a refused command says which and why', async () => {
  const { client } = fakeQemu((command, send) =>
    send({ error: { class: 'CommandNotFound', desc: 'no such command' }, id: command.id }),
  );
  await expect(client.execute('fly')).rejects.toMatchObject({
    code: 'BH_QMP_COMMAND',
    params: { command: 'fly', reason: 'CommandNotFound: no such command' },
  });
});

test('a monitor that closes fails what waits, and what comes later', async () => {
  const { client, close } = fakeQemu(() => close());
  await expect(client.execute('wait')).rejects.toMatchObject({
    code: 'BH_QMP_CLOSED',
    params: { command: 'wait' },
  });
  await client.closed;
  await expect(client.execute('later')).rejects.toMatchObject({ code: 'BH_QMP_CLOSED' });
  await expect(client.connect()).rejects.toMatchObject({ code: 'BH_QMP_CLOSED' });
});

test.each(['SSH-2.0-OpenSSH\n', '{"unknown":1}\n', '{"error":{"class":"x","desc":"y"}}\n'])(
  'anything but QMP (%j) ends the session',
  async (text) => {
    const { client, raw } = fakeQemu(obliging);
    const connected = client.connect();
    raw.write(text);
    await expect(connected).rejects.toMatchObject({ code: 'BH_QMP_PROTOCOL' });
    await client.closed;
  },
);

test('an abort stops the waiting with its reason', async () => {
  const { client } = fakeQemu(() => undefined);
  const abort = new AbortController();
  const waiting = client.execute('wait', {}, abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

test('a real QEMU', async () => {
  const args = ['-machine', 'none', '-nodefaults', '-display', 'none', '-qmp', 'stdio'];
  const qemu = spawn('qemu-system-x86_64', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const client = new QmpClient(Duplex.from({ readable: qemu.stdout, writable: qemu.stdin }));
  const events: string[] = [];
  client.onEvent(({ event, data }) => events.push(`${event} ${String(data['reason'])}`));
  expect(await client.connect()).toMatch(/^\d+\.\d+\.\d+$/);
  expect(await client.execute('query-status')).toMatchObject({ running: true });
  await expect(client.execute('no-such-command')).rejects.toMatchObject({ code: 'BH_QMP_COMMAND' });
  await client.execute('quit');
  await client.closed;
  expect(events).toEqual(['SHUTDOWN host-qmp-quit']);
});
