import { expect, test } from 'vitest';
import { splitProcessStat } from './process-stat.js';

test('a name with blanks and parentheses is no field', () => {
  const fields = ['S', '7', ...Array.from({ length: 17 }, () => '0'), '250', '0'];
  expect(splitProcessStat(`12 (a) R 1 (b) ${fields.join(' ')}\n`)).toEqual({
    pid: '12',
    state: 'S',
    parent: '7',
    startTime: '250',
  });
});

test.each(['', '12', '12 (a', '12 (a)'])('of %j nothing is made up', (text) => {
  expect(splitProcessStat(text)).toMatchObject({ parent: undefined, startTime: undefined });
});
