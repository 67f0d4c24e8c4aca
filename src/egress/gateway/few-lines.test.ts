import { expect, test } from 'vitest';
import { fewLines } from './few-lines.js';

test('of many lines a second only the first are said, and then how many were not', () => {
  const said: string[] = [];
  let now = 0;
  const say = fewLines(
    (line) => said.push(line),
    () => now,
  );
  for (let i = 0; i < 25; i++) say(`${i}`);
  expect(said).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  now = 1000;
  say('later');
  expect(said.slice(20)).toEqual(['5 lines more were not shown', 'later']);
  now = 2000;
  say('on');
  expect(said.slice(22)).toEqual(['on']);
});
