import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { dockerClientCheck } from './docker-client.js';

test.each([
  [{ client: undefined, plugins: {} }, [/^warning: no Docker client/]],
  [
    { client: 'Docker version 28', plugins: { compose: 'Compose 2', buildx: 'buildx 0.2' } },
    ['ok: Docker version 28; Compose 2; buildx 0.2'],
  ],
  [
    { client: 'Docker version 28', plugins: { buildx: 'buildx 0.2' } },
    [/^ok/, /^warning: compose not found → Install docker-compose/],
  ],
])('%j', (facts, expected) => {
  const found = judged(dockerClientCheck, facts);
  expect(found).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(found[index]).toMatch(text);
});
