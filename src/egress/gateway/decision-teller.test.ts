import { expect, test, vi } from 'vitest';
import { CountedLines } from '../../common/counted-lines.js';
import { slowReader } from '../../common/slow-reader.test-support.js';
import { connectionDecision } from './connection-decision.js';
import { DecisionTeller } from './decision-teller.js';

const client = (letter: string) =>
  ({ kind: 'container', id: letter.repeat(64), name: letter, image: [], labels: {} }) as const;
const [loud, quiet] = [client('a'), client('b')];

function scene(most: number) {
  const { stream, read } = slowReader();
  const state = { now: 0 };
  const lines = new CountedLines({ stream: () => stream, most, pause: 5 });
  const teller = new DecisionTeller(lines, () => state.now);
  const ask = (who: typeof loud, name: string): void =>
    teller.tell(connectionDecision(who, name, { kind: 'allowed' }));
  return { state, ask, read };
}

test('one that asks for a thousand names a second is told of five hundred times, then counted; another as always', async () => {
  const { state, ask, read } = scene(1 << 30);
  for (let count = 0; count < 1000; count += 1) ask(loud, `${count}.test`);
  ask(quiet, 'quiet.test');
  const told = read();
  expect(told).toHaveLength(501);
  expect(told.at(-1)).toContain('quiet.test');
  await vi.waitFor(() => expect(read()).toEqual(['{"kind":"left-out","count":500}']));
  state.now = 1000;
  ask(loud, 'later.test');
  expect(read().join()).toContain('later.test');
});

test('while bulkheadd does not read, it is the loud one that is left out', () => {
  const { ask, read } = scene(20_000);
  for (let count = 0; count < 1000; count += 1) ask(loud, `${count}.test`);
  for (let count = 0; count < 20; count += 1) ask(quiet, `quiet${count}.test`);
  expect(read().filter((line) => line.includes('quiet'))).toHaveLength(20);
});
