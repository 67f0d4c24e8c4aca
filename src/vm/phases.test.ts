import { expect, test } from 'vitest';
import { printable } from '../common/printable.js';
import { parsePhaseLine, phaseNames } from './phases.js';

test.each(phaseNames)('phase %s', (phase) => {
  expect(parsePhaseLine(JSON.stringify({ phase, uptimeMs: 12 }))).toEqual({
    kind: 'phase',
    phase,
    uptimeMs: 12,
  });
});

test('a failure keeps its words', () => {
  expect(parsePhaseLine('{"failure":"data-disk-corrupt","detail":"bad magic"}')).toEqual({
    kind: 'failure',
    failure: { failure: 'data-disk-corrupt', detail: 'bad magic' },
  });
});

test.each([
  'kernel',
  '{"phase":"made-up"}',
  '{"failure":"made-up"}',
  '{"phase":"kernel","uptimeMs":-1}',
  '[]',
  'null',
])('%s is unknown', (line) => {
  expect(parsePhaseLine(line)).toEqual({ kind: 'unknown', line });
});

test('a guest cannot write escape sequences to the terminal', () => {
  const hostile = '{"failure":"verity-failed","detail":"\\u001b]0;owned\\u0007\\u202edone"}';
  expect(parsePhaseLine(hostile)).toMatchObject({ failure: { detail: ']0;owned done' } });
  expect(printable('x'.repeat(10_000))).toHaveLength(500);
});
