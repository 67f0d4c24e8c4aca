import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Clock } from '../../common/clock.js';
import { RecordingTerminal } from '../test-support/recording-terminal.js';
import { plainReporter } from './plain-reporter.js';
import { describeEnd, fit, seconds } from './step-text.js';
import { ttyReporter } from './tty-reporter.js';

let now = 0;
const clock: Clock = { now: () => now, sleep: () => Promise.reject(new Error('nothing here waits')) };

beforeEach(() => {
  now = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test('without a terminal each thing is one line, and nothing twice', () => {
  const terminal = new RecordingTerminal();
  const reporter = plainReporter(terminal, clock);
  const step = reporter.step('Boot');
  now = 4_200;
  step.progress('kernel', 0.1);
  step.progress('kernel', 0.2);
  reporter.warn('slow');
  now = 12_000;
  step.done('ready');
  reporter.step('Next').fail();
  expect(terminal.written.split('\n')).toEqual([
    'Boot ...',
    'Boot: kernel (4.2 s)',
    'warning: slow',
    'Boot: ready (12 s)',
    'Next ...',
    'Next: failed (0.0 s)',
    '',
  ]);
});

/** What stands on the screen: each carriage return with its erase starts the line anew. */
function screen(terminal: RecordingTerminal): string[] {
  return terminal.written.split('\n').map((line) => line.split('\r\u001B[K').at(-1) ?? '');
}

test('on a terminal one line is redrawn, with the seconds, and one stays for each step', () => {
  const terminal = new RecordingTerminal();
  const reporter = ttyReporter(terminal, clock);
  const step = reporter.step('Boot');
  step.progress('kernel', 0.25);
  now = 1_000;
  vi.advanceTimersByTime(1_000);
  expect(screen(terminal)).toEqual(['Boot: kernel 25 %  1.0 s']);
  reporter.warn('slow');
  expect(screen(terminal)).toEqual(['warning: slow', 'Boot: kernel 25 %  1.0 s']);
  step.done('ready');
  expect(screen(terminal)).toEqual(['warning: slow', 'Boot: ready (1.0 s)', '']);
  const before = terminal.written;
  vi.advanceTimersByTime(10_000);
  expect(terminal.written).toBe(before);
});

test('of overlapping steps the newest is shown, then the one that goes on', () => {
  const terminal = new RecordingTerminal();
  const reporter = ttyReporter(terminal, clock);
  const outer = reporter.step('Outer');
  reporter.step('Inner').fail();
  expect(screen(terminal)).toEqual(['Inner: failed (0.0 s)', 'Outer  0.0 s']);
  outer.done();
  expect(screen(terminal).slice(-2)).toEqual(['Outer: done (0.0 s)', '']);
});

test('a line never wraps: a wrapped one could not be redrawn', () => {
  const terminal = new RecordingTerminal(20);
  ttyReporter(terminal, clock).step('A step with a long name').progress('and a detail');
  expect(screen(terminal)).toEqual(['A step with a lo...']);
  expect(fit('short', 20)).toBe('short');
});

test.each([
  [0, '0.0 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [61_400, '61 s'],
])('%i ms', (ms, text) => {
  expect(seconds(ms)).toBe(text);
});

test('a failed step is not said to be what it was going to be', () => {
  expect(describeEnd('Boot', 'failed', 1_000, 'ready')).toBe('Boot: failed (1.0 s)');
});
