import { expect, it } from 'vitest';
import { defaultPolicy } from './policy.js';
import { engine } from './testing/requests.js';
import { warmUp } from './warm-up.js';

it('gets through every rule to a plan', () => {
  expect(warmUp(engine, defaultPolicy)).toBe(true);
});
