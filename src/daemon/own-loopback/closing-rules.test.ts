import { expect, test } from 'vitest';
import { closingRules, isEntered } from './closing-rules.js';

const rules = {
  places: [
    { address: '127.0.0.1', port: 5000, way: 'open' },
    { address: '127.0.0.1', port: 5002, way: 'read' },
    { address: '127.0.0.2', port: 5001, way: 'closed' },
    { address: '127.0.0.2', port: '*', way: 'open' },
    { address: '::1', port: 5000, way: 'open' },
  ],
  otherwise: 'closed',
} as const;

test('whatever is not opened goes to who reads or refuses it, in the order of the rules', () => {
  const ports = { closed: 40_000, read: 40_001 };
  expect(closingRules(4, rules, { ports, entered: false })).toEqual([
    '*nat',
    ':BULKHEAD-LOOPBACK - [0:0]',
    '-A BULKHEAD-LOOPBACK -p tcp -m tcp --sport 512:1023 -j RETURN',
    '-A BULKHEAD-LOOPBACK -d 127.0.0.1 -p tcp -m tcp --dport 5000 -j RETURN',
    '-A BULKHEAD-LOOPBACK -d 127.0.0.1 -p tcp -m tcp --dport 5002 -j DNAT --to-destination 127.0.0.1:40001',
    '-A BULKHEAD-LOOPBACK -d 127.0.0.2 -p tcp -m tcp --dport 5001 -j DNAT --to-destination 127.0.0.1:40000',
    '-A BULKHEAD-LOOPBACK -d 127.0.0.2 -p tcp -m tcp -j RETURN',
    '-A BULKHEAD-LOOPBACK -p tcp -m tcp -j DNAT --to-destination 127.0.0.1:40000',
    '-I OUTPUT 1 -p tcp -m addrtype --dst-type LOCAL -j BULKHEAD-LOOPBACK',
    'COMMIT',
  ]);
});

test('each family has its own, and the entry is made once', () => {
  expect(closingRules(6, rules, { ports: { closed: 1, read: 2 }, entered: true }).slice(3)).toEqual([
    '-A BULKHEAD-LOOPBACK -d ::1 -p tcp -m tcp --dport 5000 -j RETURN',
    '-A BULKHEAD-LOOPBACK -p tcp -m tcp -j DNAT --to-destination [::1]:1',
    'COMMIT',
  ]);
  expect(isEntered.join(' ')).toBe('-C OUTPUT -p tcp -m addrtype --dst-type LOCAL -j BULKHEAD-LOOPBACK');
});

test('nothing goes to where nobody stands, nor past it', () => {
  const ports = { closed: 1 };
  expect(() => closingRules(4, rules, { ports, entered: true })).toThrow('nobody listens for what is read');
  expect(
    closingRules(4, { places: [], otherwise: 'read' }, { ports: { read: 2 }, entered: true }).at(-2),
  ).toBe('-A BULKHEAD-LOOPBACK -p tcp -m tcp -j DNAT --to-destination 127.0.0.1:2');
});
