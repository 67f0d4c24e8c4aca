import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatInitCommand, parseInitLine } from './init-protocol.js';

test('reads every message PID 1 sends', () => {
  expect(parseInitLine('running dockerd 42')).toEqual({ kind: 'running', service: 'dockerd', pid: 42 });
  expect(parseInitLine('stopped containerd')).toEqual({ kind: 'stopped', service: 'containerd' });
  expect(parseInitLine('exited dockerd 42 code 1')).toEqual({
    kind: 'exited',
    service: 'dockerd',
    pid: 42,
    status: { kind: 'code', value: 1 },
  });
  expect(parseInitLine('exited containerd 7 signal 9')).toMatchObject({
    status: { kind: 'signal', value: 9 },
  });
  expect(parseInitLine('trimmed')).toEqual({ kind: 'trimmed', done: true });
  expect(parseInitLine('trim-failed')).toEqual({ kind: 'trimmed', done: false });
  expect(parseInitLine('error no such service')).toEqual({ kind: 'error', text: 'no such service' });
});

test.each([
  '',
  'running',
  'running sshd 3',
  'running dockerd x',
  'exited dockerd 4 code',
  'exited dockerd 4 why 1',
  'stopped dockerd 5',
  'trimmed 5',
])('does not guess at %j', (line) => {
  expect(parseInitLine(line)).toBeNull();
});

test('never throws, whatever arrives', () => {
  const words = fc.constantFrom(
    'running',
    'exited',
    'stopped',
    'error',
    'dockerd',
    'containerd',
    '1',
    'code',
    'signal',
    '',
  );
  fc.assert(
    fc.property(fc.array(words), (line) => {
      const message = parseInitLine(line.join(' '));
      return message === null || !('service' in message) || line.includes(message.service);
    }),
  );
});

test('writes commands one line each', () => {
  expect(formatInitCommand({ kind: 'start', service: 'dockerd' })).toBe('start dockerd\n');
  expect(formatInitCommand({ kind: 'signal', service: 'dockerd', signal: 15 })).toBe('signal dockerd 15\n');
  expect(formatInitCommand({ kind: 'unmount-step', step: 'r4jx0' })).toBe('unmount-step r4jx0\n');
  expect(formatInitCommand({ kind: 'list' })).toBe('list\n');
  expect(formatInitCommand({ kind: 'sync' })).toBe('sync\n');
  expect(formatInitCommand({ kind: 'trim' })).toBe('trim\n');
  expect(formatInitCommand({ kind: 'power-off' })).toBe('power-off\n');
});
