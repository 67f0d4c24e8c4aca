import { expect, test } from 'vitest';
import { endingWithParent } from './parent-death.js';

test('on Linux the kernel ends it with its parent', () => {
  expect(endingWithParent(['/q', '-S'], 'linux')).toEqual([
    '/usr/bin/setpriv',
    '--pdeathsig',
    'KILL',
    '--',
    '/q',
    '-S',
  ]);
});

test('elsewhere it is started as it is', () => {
  expect(endingWithParent(['/q', '-S'], 'darwin')).toEqual(['/q', '-S']);
});
