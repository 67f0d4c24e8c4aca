import { expect, test } from 'vitest';
import { toldDecision } from './told-decision.js';

const id = 'a'.repeat(64);
const decision = {
  kind: 'connection',
  outcome: 'refused',
  who: { kind: 'container', id, image: 'web' },
  destination: '192.0.2.1:443',
  code: 'BH_GATE_ENDPOINT',
  rule: 'endpoints',
  setting: 'bulkhead.networkAccess.rules[0]',
};
const told = (more: object): unknown => toldDecision(JSON.stringify({ ...decision, ...more }));

test('what the gateway says is taken as it is', () => {
  expect(told({})).toEqual(decision);
  expect(told({ reached: false })).toEqual({ ...decision, reached: false });
  for (const kind of ['engine', 'build', 'nobody'])
    expect(told({ who: { kind }, outcome: 'allowed' })).toMatchObject({ who: { kind } });
});

test.each([
  ['who is signed in', { who: { kind: 'user', subject: 'somebody' } }],
  ['the developer', { who: { kind: 'developer' } }],
  ['bulkheadd', { who: { kind: 'bulkheadd' } }],
  ['a container with an id that is none', { who: { kind: 'container', id: 'x', image: 'web' } }],
  ['an error that nobody knows', { code: 'BH_1' }],
  ['a place of its own in the log', { seq: 1 }],
  ['another kind', { kind: 'policy' }],
])('it cannot speak of %s', (_what, more) => {
  expect(told(more)).toBeUndefined();
});

test('its words take no more room than others, and nothing in them acts on a terminal', () => {
  const long = `\u009b${'x'.repeat(60_000)}`;
  const held = told({
    who: { kind: 'container', id, image: long },
    destination: long,
    rule: long,
    setting: long,
  });
  expect(JSON.stringify(held).length).toBeLessThan(1500);
  expect(JSON.stringify(held)).not.toContain('\u009b');
  expect(toldDecision('no JSON')).toBeUndefined();
});
