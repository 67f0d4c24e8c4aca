import { expect, test, vi } from 'vitest';
import { CountedLines } from './counted-lines.js';
import { slowReader } from './slow-reader.test-support.js';

/** A reader who is there, or not, and takes what waits when told. */
function scene() {
  const { stream, read } = slowReader();
  const state = { there: true };
  const lines = new CountedLines({
    stream: () => (state.there ? stream : undefined),
    most: 100,
    pause: 5,
  });
  return { state, lines, read };
}

test('what there is no room for is counted, and the count told when there is, without another line', async () => {
  const { lines, read } = scene();
  const many = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  for (const line of many) lines.write(line);
  expect(lines.fullness).toBe(1);
  const told: string[] = [];
  await vi.waitFor(() => {
    told.push(...read());
    expect(told.at(-1)).toContain('left-out');
  });
  const whole = told.filter((line) => line.startsWith('line'));
  expect(whole).toEqual(many.slice(0, whole.length));
  expect(whole.length).toBeLessThan(many.length);
  expect(told.slice(whole.length)).toEqual([`{"kind":"left-out","count":${many.length - whole.length}}`]);
  expect(lines.fullness).toBe(0);
});

test('while nobody is there all are, and what others left out is not one', async () => {
  const { state, lines, read } = scene();
  state.there = false;
  lines.write('one');
  lines.write('{"kind":"left-out","count":41}');
  lines.leaveOut(8);
  // Longer than the pause: what was counted is kept.
  await new Promise((resolve) => setTimeout(resolve, 20));
  state.there = true;
  await vi.waitFor(() => expect(read()).toEqual(['{"kind":"left-out","count":50}']));
  lines.write('two');
  await vi.waitFor(() => expect(read()).toEqual(['two']));
});
