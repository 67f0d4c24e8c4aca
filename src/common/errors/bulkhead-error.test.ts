import { expect, test } from 'vitest';
import { addressed, BulkheadError, isBulkheadError } from './bulkhead-error.js';

test('fills the placeholders and keeps the facts', () => {
  const error = new BulkheadError('BH_QEMU_MISSING', { binary: '/usr/bin/qemu-system-x86_64' });
  expect(error.message).toContain('(/usr/bin/qemu-system-x86_64)');
  expect(error.message).not.toContain('{');
  expect(error.params['binary']).toBe('/usr/bin/qemu-system-x86_64');
  expect(isBulkheadError(error)).toBe(true);
  expect(isBulkheadError(new Error('other'))).toBe(false);
});

test('a parameter nobody passed stays visible instead of vanishing', () => {
  expect(new BulkheadError('BH_QEMU_MISSING').message).toContain('{binary}');
});

test("whom to ask is the policy's word where there is one, and somebody where there is none", () => {
  const error = new BulkheadError('BH_GATE_NETWORK', { option: 'macvlan' });
  expect(error.message).toContain('ask your administrator.');
  const told = addressed(error, 'platform@example.org');
  expect(told.message).toContain('ask platform@example.org.');
  expect(told.params['option']).toBe('macvlan');
  expect(addressed(told, 'somebody else').message).toBe(told.message);
});
