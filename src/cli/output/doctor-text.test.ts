import { expect, test } from 'vitest';
import { doctorText } from './doctor-text.js';

test('a line for each finding, its cure below it, and the count', () => {
  expect(
    doctorText([
      { check: 'node', level: 'ok', text: 'Node 24' },
      { check: 'image', level: 'problem', text: 'none', cure: 'Build one.' },
      { check: 'clock', level: 'warning', text: 'odd\u001B[31m', cure: 'Set it.' },
    ]),
  ).toBe(
    [
      'ok       node   Node 24',
      'PROBLEM  image  none',
      '                → Build one.',
      'warning  clock  odd [31m',
      '                → Set it.',
      '1 problem to mend, 1 warning.',
      '',
    ].join('\n'),
  );
  expect(doctorText([{ check: 'node', level: 'ok', text: 'Node 24' }])).toMatch(/Nothing to mend\.\n$/);
});
