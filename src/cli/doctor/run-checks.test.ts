import { expect, test } from 'vitest';
import { type Check, ok, problem, warning } from './check.js';
import { checks } from './checks.js';
import { runChecks, runnable, worstOf } from './run-checks.js';
import type { Site } from './site.js';
import { thisMachine } from './this-machine.js';

const site: Site = {
  machine: thisMachine,
  name: 'default',
  env: {},
  projectDir: '/',
  signal: new AbortController().signal,
  policy: undefined,
  image: () => Promise.reject(new Error('no image is looked for here')),
};

const check = (name: string, gather: () => Promise<number>): Check<number> => ({
  name,
  gather,
  judge: (number) => [number === 0 ? ok('fine') : problem('broken', 'mend it')],
});

test('each finding with the name of its check, in their order', async () => {
  const slow = check('slow', () => new Promise((resolve) => setImmediate(() => resolve(0))));
  const reports = await runChecks([runnable(slow), runnable(check('quick', async () => 1))], site);
  expect(reports).toEqual([
    { check: 'slow', level: 'ok', text: 'fine' },
    { check: 'quick', level: 'problem', text: 'broken', cure: 'mend it' },
  ]);
});

test('one that fails, and one that never answers, are warnings and keep nothing else back', async () => {
  const failing = check('failing', () => Promise.reject(new Error('EIO')));
  const hanging = check('hanging', () => new Promise(() => undefined));
  const reports = await runChecks(
    [runnable(failing), runnable(hanging), runnable(check('last', async () => 0))],
    site,
    1,
  );
  expect(reports.map(({ level, text }) => `${level}: ${text}`)).toEqual([
    'warning: could not be looked at: EIO',
    'warning: could not be looked at: no answer within 0.001 s',
    'ok: fine',
  ]);
});

test('the worst counts', () => {
  expect(worstOf([])).toBe('ok');
  expect(worstOf([ok(''), warning('', ''), ok('')])).toBe('warning');
  expect(worstOf([problem('', ''), warning('', '')])).toBe('problem');
});

test('every check has a name of its own', () => {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
});
