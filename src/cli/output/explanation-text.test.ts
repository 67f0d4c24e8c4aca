import { expect, it } from 'vitest';
import { explanationText } from './explanation-text.js';

const why = 'no program of a container is root of the VM';

it('groups changes by rule and shortens long values', () => {
  const text = explanationText({
    kind: 'explanation',
    verdict: 'isolated',
    refusals: [],
    changes: [
      { rule: 'one', what: 'a', before: 1, after: 2, why },
      { rule: 'one', what: 'b[]', before: 'x'.repeat(200), why },
      { rule: 'two', what: 'c', after: { d: true }, why: 'other' },
    ],
    notes: ['A note.'],
  });
  expect(text.split('\n')).toEqual([
    'The container is made, isolated, with these changes:',
    '',
    `one: ${why}`,
    '  a  1 → 2',
    `  b[]  taken out: "${'x'.repeat(89)}…`,
    '',
    'two: other',
    '  c  added: {"d":true}',
    '',
    'A note.',
    '',
  ]);
});

it('gives the words of a refusal, and nothing that could steer the terminal', () => {
  const refusals = [{ rule: 'binds', code: 'BH_X', message: 'no \u001B[31m way' }];
  const text = explanationText({ kind: 'explanation', verdict: 'refused', refusals, changes: [], notes: [] });
  expect(text).toBe('The container is refused:\n\nbinds: refused\n  no  [31m way\n');
});
