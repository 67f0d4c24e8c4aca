import { expect, test } from 'vitest';
import { signInDecision } from './sign-in-audit.js';

const state = {
  issuer: 'https://id.example.org',
  organizations: ['acme'],
  member: { subject: 'ada\u001B[2J', organizations: ['acme'], until: '2026-11-22T00:00:00Z' },
};

test('who signed in, who was refused, and who signed out', () => {
  expect(signInDecision('sign-in', { kind: 'state', state })).toEqual({
    kind: 'sign-in',
    outcome: 'allowed',
    who: { kind: 'user', subject: 'ada [2J' },
    action: 'sign-in',
  });
  expect(
    signInDecision('sign-in', { kind: 'error', code: 'BH_SIGN_IN_NOT_NEEDED', params: {} }),
  ).toMatchObject({
    outcome: 'refused',
    who: { kind: 'developer' },
    code: 'BH_SIGN_IN_NOT_NEEDED',
  });
  expect(signInDecision('sign-out', { kind: 'state', state: { ...state, member: null } })).toMatchObject({
    outcome: 'allowed',
    action: 'sign-out',
  });
});

test('to begin decides nothing', () => {
  const begin = { issuer: 'i', clientId: 'c', scopes: [], organizations: [], nonce: 'n' };
  expect(signInDecision('sign-in', { kind: 'begin', ...begin })).toBeUndefined();
});
