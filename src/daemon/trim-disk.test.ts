import { expect, test } from 'vitest';
import { ManualClock } from '../channel/test-support/manual-clock.js';
import type { InitCommand, InitMessage } from './init/init-protocol.js';
import { createTrim } from './trim-disk.js';

function setUp() {
  const sent: InitCommand[] = [];
  let say: (message: InitMessage) => void = () => undefined;
  const clock = new ManualClock();
  const link = {
    send: (command: InitCommand) => void sent.push(command),
    onMessage: (listener: typeof say) => void (say = listener),
  };
  return { sent, say: (message: InitMessage) => say(message), clock, trim: createTrim(link, clock) };
}

test('PID 1 is asked once by those who ask together, and anew afterwards', async () => {
  const { sent, say, trim } = setUp();
  const both = Promise.all([trim(), trim()]);
  expect(sent).toEqual([{ kind: 'trim' }]);
  say({ kind: 'trimmed', done: true });
  expect(await both).toEqual([{ trimmed: true }, { trimmed: true }]);
  const again = trim();
  expect(sent).toHaveLength(2);
  say({ kind: 'trimmed', done: false });
  expect(await again).toEqual({ trimmed: false });
});

test('what PID 1 cannot do is an error, and what it says of services is none of it', async () => {
  const { say, trim } = setUp();
  const asked = trim();
  say({ kind: 'error', text: 'start dockerd: no' });
  say({ kind: 'error', text: 'trim: Operation already in progress' });
  await expect(asked).rejects.toThrow('trim: Operation already in progress');
});

test('a PID 1 that never answers is not waited for without end', async () => {
  const { clock, trim } = setUp();
  const asked = trim();
  await Promise.all([expect(asked).rejects.toThrow('did not answer'), clock.advanceWhenSleeping(240_000)]);
});
