import { expect, test } from 'vitest';
import { signInDecision } from './sign-in-audit.js';

const state = {
  issuer: 'https://id.example.org',
  organizations: ['acme'],
  member: { subject: 'ada\u001B[2J', organizations: ['acme'], until: '2026-11-22T00:00:00Z' },
};

test('who signed in, who was refused, and who signed out', () => {
  expect(signInDecision('sign-in', { kind: 'state', state }, 'bob')).toEqual({
    kind: 'sign-in',
    outcome: 'allowed',
    who: { kind: 'user', subject: 'ada [2J' },
    action: 'sign-in',
  });
  expect(
    signInDecision('sign-in', { kind: 'error', code: 'BH_SIGN_IN_NOT_NEEDED', params: {} }, undefined),
  ).toMatchObject({
    outcome: 'refused',
    who: { kind: 'developer' },
    code: 'BH_SIGN_IN_NOT_NEEDED',
  });
  const out = { kind: 'state', state: { ...state, member: null } } as const;
  for (const [before, who] of [
    ['ada\u001B[2J', { kind: 'user', subject: 'ada [2J' }],
    [undefined, { kind: 'developer' }],
  ] as const)
    expect(signInDecision('sign-out', out, before)).toEqual({
      kind: 'sign-in',
      outcome: 'allowed',
      who,
      action: 'sign-out',
    });
  const failed = { kind: 'error', code: 'BH_SIGN_IN_NOT_KEPT', params: { reason: 'x' } } as const;
  expect(signInDecision('sign-out', failed, 'ada')).toMatchObject({
    outcome: 'refused',
    who: { kind: 'user', subject: 'ada' },
  });
});

test('to begin decides nothing', () => {
  const begin = { issuer: 'i', clientId: 'c', scopes: [], organizations: [], nonce: 'n' };
  expect(signInDecision('sign-in', { kind: 'begin', ...begin }, undefined)).toBeUndefined();
});
