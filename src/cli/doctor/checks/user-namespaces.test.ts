import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { userNamespacesCheck } from './user-namespaces.js';

test.each([
  [{ platform: 'linux' as const, most: 15_000 }, /^ok: up to 15000/],
  [{ platform: 'linux' as const, most: 0 }, /^warning: .*switched off .*sysctl/],
  [{ platform: 'linux' as const, most: undefined }, /^warning: this kernel has no/],
  [{ platform: 'darwin' as const, most: undefined }, /^ok/],
])('%j', (facts, text) => {
  expect(judged(userNamespacesCheck, facts)[0]).toMatch(text);
});
