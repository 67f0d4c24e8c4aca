import { expect, test } from 'vitest';
import { auditText } from './audit-text.js';

const base = { seq: 3, boot: 'b007', time: '2026-11-21T17:46:25.123Z' };
const id = 'a'.repeat(64);

test('an allowed and a refused request, each in one line of columns', () => {
  const request = { ...base, kind: 'request', who: { kind: 'developer' }, request: 'b007-1', method: 'POST' };
  const allowed = {
    ...request,
    outcome: 'allowed',
    operation: 'ContainerCreate',
    container: id,
    image: 'alpine',
  };
  expect(auditText(JSON.stringify(allowed))).toBe(
    '2026-11-21 17:46:25.123  allowed     developer     ContainerCreate aaaaaaaaaaaa (alpine)',
  );
  const refused = {
    ...request,
    outcome: 'refused',
    path: '/containers/web/exec',
    code: 'BH_GATE_PRIVILEGED',
    rule: 'privileged',
    setting: 'bulkhead.allowPrivileged',
  };
  expect(auditText(JSON.stringify(refused))).toBe(
    '2026-11-21 17:46:25.123  refused     developer     POST /containers/web/exec                     rule privileged, bulkhead.allowPrivileged, BH_GATE_PRIVILEGED',
  );
});

test.each([
  [
    { kind: 'container', outcome: 'failed', who: { kind: 'engine' }, command: 'create', container: id },
    'container',
  ],
  [
    { kind: 'policy', outcome: 'allowed', who: { kind: 'bulkheadd' }, policy: '7', version: '1', mode: 'vm' },
    'policy 7',
  ],
  [
    {
      kind: 'sign-in',
      outcome: 'refused',
      who: { kind: 'user', subject: 's', name: 'Ada' },
      action: 'sign-in',
    },
    'Ada',
  ],
  [
    { kind: 'socket-mount', outcome: 'allowed', who: { kind: 'developer' }, image: 'ci' },
    'Docker socket (ci)',
  ],
  [{ kind: 'lost', count: 4, reason: 'ENOSPC' }, '4 lines could not be written: ENOSPC'],
  [
    {
      kind: 'suppressed',
      decisions: [{ who: { kind: 'container', id, image: 'ci' }, outcome: 'refused', code: 'X', count: 9 }],
      others: 2,
    },
    '11 decisions like ones before: 9 refused aaaaaaaaaaaa (ci) X',
  ],
])('%j says %j', (event, text) => {
  expect(auditText(JSON.stringify({ ...base, ...event }))).toContain(text);
});

test('a reader that is too slow is told', () => {
  expect(auditText('{"kind":"behind","count":12}')).toBe(
    '12 lines were passed over, because they came too fast',
  );
});

test.each([
  '\u001B[2Jnot JSON',
  '{"kind":"\u009Bnew"}',
  JSON.stringify({ ...base, kind: 'lost', count: 1, reason: '\u001B]0;x\u0007' }),
])('nothing of %j acts on a terminal', (line) => {
  expect(auditText(line)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
