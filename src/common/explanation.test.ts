import { expect, test } from 'vitest';
import { parseExplanation } from './explanation.js';

test('an error of the guest is told without what terminals act on', () => {
  const params = { name: '\u001B]0;x\u0007\u009B2Jweb' };
  const parse = (): unknown => parseExplanation({ kind: 'error', code: 'BH_EXPLAIN_NOT_STARTED', params });
  expect(parse).toThrow(expect.objectContaining({ params: { name: ']0;x 2Jweb' } }));
});
