import { expect, test } from 'vitest';
import { closingRules, isEntered } from './closing-rules.js';

const rules = [
  { address: '127.0.0.1', port: 5000, open: true },
  { address: '127.0.0.2', port: 5001, open: false },
  { address: '127.0.0.2', port: '*', open: true },
  { address: '::1', port: 5000, open: true },
] as const;

test('whatever is not opened goes to who refuses it, in the order of the rules', () => {
  expect(closingRules(4, rules, { refusing: 40_000, entered: false })).toEqual([
    '*nat',
    ':BULKHEAD-LOOPBACK - [0:0]',
    '-A BULKHEAD-LOOPBACK -p tcp -m tcp --sport 512:1023 -j RETURN',
    '-A BULKHEAD-LOOPBACK -d 127.0.0.1 -p tcp -m tcp --dport 5000 -j RETURN',
    '-A BULKHEAD-LOOPBACK -d 127.0.0.2 -p tcp -m tcp --dport 5001 -j DNAT --to-destination 127.0.0.1:40000',
    '-A BULKHEAD-LOOPBACK -d 127.0.0.2 -p tcp -m tcp -j RETURN',
    '-A BULKHEAD-LOOPBACK -p tcp -m tcp -j DNAT --to-destination 127.0.0.1:40000',
    '-I OUTPUT 1 -p tcp -m addrtype --dst-type LOCAL -j BULKHEAD-LOOPBACK',
    'COMMIT',
  ]);
});

test('each family has its own, and the entry is made once', () => {
  expect(closingRules(6, rules, { refusing: 1, entered: true }).slice(3)).toEqual([
    '-A BULKHEAD-LOOPBACK -d ::1 -p tcp -m tcp --dport 5000 -j RETURN',
    '-A BULKHEAD-LOOPBACK -p tcp -m tcp -j DNAT --to-destination [::1]:1',
    'COMMIT',
  ]);
  expect(isEntered.join(' ')).toBe('-C OUTPUT -p tcp -m addrtype --dst-type LOCAL -j BULKHEAD-LOOPBACK');
});
