import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { nodeCheck } from './node.js';

test.each([
  ['24.0.0', 'ok: Node 24.0.0'],
  ['26.1.0', 'ok: Node 26.1.0'],
  ['20.20.2', 'problem: Node 20.20.2 is too old: 24 or newer is needed'],
])('%s', (version, text) => {
  expect(judged(nodeCheck, { version })[0]).toContain(text);
});
