import { expect, test } from 'vitest';
import { connectionDecisionSchema } from '../../common/audit-event.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { connectionDecision, decidedOf } from './connection-decision.js';

const at = { address: '192.0.2.1', port: 443 };
const id = 'c'.repeat(64);
const image = `sha256:${'a'.repeat(64)}`;
const web = { kind: 'container', id, name: 'web', image: [image, 'quay.io/team/web:1'], labels: {} } as const;
const refusal = new BulkheadError('BH_NETWORK_ACCESS', {
  who: 'The container web',
  destination: '192.0.2.1:443',
  because: 'no rule names it',
  setting: 'bulkhead.networkAccess.rules[3]',
});

test.each([
  [web, { kind: 'container', id, image: 'quay.io/team/web:1' }],
  [
    { ...web, image: [image] },
    { kind: 'container', id, image },
  ],
  [{ kind: 'engine' }, { kind: 'engine' }],
  [{ kind: 'build' }, { kind: 'build' }],
  [undefined, { kind: 'nobody' }],
] as const)('of %j says who it was', (who, caller) => {
  const decision = connectionDecision(who, '192.0.2.1:443', { kind: 'allowed' });
  expect(connectionDecisionSchema.parse(decision)).toEqual({
    kind: 'connection',
    outcome: 'allowed',
    who: caller,
    destination: '192.0.2.1:443',
  });
});

test('says by which rule, and by which place in the policy, it was refused', () => {
  expect(connectionDecision(web, 'shut.example', { kind: 'refused', error: refusal })).toMatchObject({
    outcome: 'refused',
    code: 'BH_NETWORK_ACCESS',
    rule: 'network-access',
    setting: 'bulkhead.networkAccess.rules[3]',
  });
});

test('of what was allowed and not reached says so', () => {
  const event = { kind: 'unreached', from: at, to: at, errno: 111 } as const;
  const decision = connectionDecision(web, 'open.example', decidedOf(event));
  expect(connectionDecisionSchema.parse(decision)).toMatchObject({ outcome: 'allowed', reached: false });
  const reached = connectionDecision(web, 'open.example', decidedOf({ kind: 'permitted', from: at, to: at }));
  expect(reached).not.toHaveProperty('reached');
});

test('what no rule refused has failed', () => {
  expect(connectionDecision(web, '192.0.2.1:443', { kind: 'refused' })).toMatchObject({ outcome: 'failed' });
});
