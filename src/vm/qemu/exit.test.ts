import { expect, test } from 'vitest';
import { classifyQemuEnd, lastWords, type QemuEnd } from './exit.js';

const quiet: QemuEnd = { code: 0, signal: null, stderr: '', events: [] };
const shutdown = (reason: string): QemuEnd => ({
  ...quiet,
  events: [{ event: 'SHUTDOWN', data: { reason } }],
});

// All of these have exit status 0.
test.each([
  ['guest-shutdown', { kind: 'guest-shutdown' }],
  ['guest-reset', { kind: 'guest-reset' }],
  ['guest-panic', { kind: 'guest-panic', detail: 'reported by pvpanic' }],
  ['host-qmp-quit', { kind: 'host-quit' }],
  ['host-signal', { kind: 'killed', signal: 'a termination signal' }],
] as const)('SHUTDOWN reason %s', (reason, exit) => {
  expect(classifyQemuEnd(shutdown(reason))).toEqual(exit);
});

test('a panic is one, whatever shutdown it then causes', () => {
  const events = [
    { event: 'GUEST_PANICKED', data: { action: 'shutdown' } },
    { event: 'SHUTDOWN', data: { reason: 'guest-reset' } },
  ];
  expect(classifyQemuEnd({ ...quiet, events })).toEqual({
    kind: 'guest-panic',
    detail: 'reported by pvpanic, action shutdown',
  });
});

test('a signal outweighs every event before it', () => {
  expect(classifyQemuEnd({ ...shutdown('guest-shutdown'), code: null, signal: 'SIGKILL' })).toEqual({
    kind: 'killed',
    signal: 'SIGKILL',
  });
});

test.each(['SIGABRT', 'SIGSEGV', 'SIGSYS'])('%s is a crash, told with the last words', (signal) => {
  const stderr = 'qemu: warning: x\nqemu: ../util/qemu-thread.c:7: f: Assertion `y` failed.\n';
  expect(classifyQemuEnd({ ...quiet, code: null, signal, stderr })).toEqual({
    kind: 'crashed',
    signal,
    stderr: 'qemu: ../util/qemu-thread.c:7: f: Assertion `y` failed.',
  });
});

test('no event at all: the exit status and the last words', () => {
  expect(classifyQemuEnd({ ...quiet, code: 1, stderr: 'qemu: warning: x\nqemu: no such disk\n' })).toEqual({
    kind: 'exited',
    status: 1,
    stderr: 'qemu: no such disk',
  });
});

test('last words are three lines at most, and never nothing', () => {
  expect(lastWords('a\nb\nc\nd\n')).toBe('b; c; d');
  expect(lastWords('')).toBe('it said nothing');
  expect(lastWords('warning: only this\n')).toBe('warning: only this');
});
