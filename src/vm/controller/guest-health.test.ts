import { expect, test } from 'vitest';
import { GuestHealth } from './guest-health.js';

const at = new Date('2026-11-22T01:00:00Z');

function guest(): { health: GuestHealth; answers: ReturnType<typeof Promise.withResolvers<unknown>>[] } {
  const answers: ReturnType<typeof Promise.withResolvers<unknown>>[] = [];
  const ask = (): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>();
    answers.push(answer);
    return answer.promise;
  };
  return { health: new GuestHealth(ask, () => at), answers };
}

test('a guest that answers in time', async () => {
  const { health, answers } = guest();
  const asked = health.within(60_000);
  answers[0]?.resolve({ ready: true });
  expect(await asked).toBe(true);
  expect(health.last).toEqual({ document: { ready: true }, at: at.toISOString() });
});

test('one that does not leaves its last word, and its late answer becomes it', async () => {
  const { health, answers } = guest();
  const first = health.within(60_000);
  answers[0]?.resolve(1);
  await first;
  expect(await health.within(1)).toBe(false);
  expect(health.last?.document).toBe(1);
  // Who asks again waits for the same answer: a guest that is stuck is not asked a hundred times.
  const later = health.within(60_000);
  expect(answers).toHaveLength(2);
  answers[1]?.resolve(2);
  expect(await later).toBe(true);
  expect(health.last?.document).toBe(2);
});

test('one that never said anything, and one that fails', async () => {
  const { health, answers } = guest();
  expect(await health.within(1)).toBe(false);
  expect(health.last).toBeUndefined();
  answers[0]?.reject(new Error('the session ended'));
  const again = health.within(60_000);
  answers[1]?.reject(new Error('again'));
  expect(await again).toBe(false);
});
