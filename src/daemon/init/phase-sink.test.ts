import { expect, test } from 'vitest';
import { openPhaseSink } from './phase-sink.js';

test('writes one JSON line a phase', () => {
  const written: string[] = [];
  const sink = openPhaseSink(5, (_fd, text) => written.push(text));
  sink.phase('engine-ready');
  sink.failure('engine-failed', 'because');
  const [phase, failure]: unknown[] = written.map((line) => JSON.parse(line) as unknown);
  expect(phase).toMatchObject({ phase: 'engine-ready' });
  expect(phase).toHaveProperty('uptimeMs');
  expect(failure).toEqual({ failure: 'engine-failed', detail: 'because' });
  expect(written.every((line) => line.endsWith('\n'))).toBe(true);
});

test('waits for a port that is full, and gives up on any other error', () => {
  let refusals = 2;
  const written: string[] = [];
  const full = Object.assign(new Error('full'), { code: 'EAGAIN' });
  openPhaseSink(5, (_fd, text) => {
    if (refusals > 0) {
      refusals -= 1;
      throw full;
    }
    written.push(text);
  }).phase('daemon');
  expect(written).toHaveLength(1);
  const broken = openPhaseSink(5, () => {
    throw new Error('gone');
  });
  expect(() => {
    broken.phase('daemon');
  }).toThrow('gone');
});
