import { expect, test } from 'vitest';
import type { PulledImage } from '../../common/pulled-image.js';
import { createPullTeller } from './tell-pulled.js';

const digest = `sha256:${'a'.repeat(64)}`;
const pulled = { names: [{ repository: 'ghcr.io/acme/tool', tag: 'v1', digest }] };

test('what is told is waited for by its number, and by no other', async () => {
  const sent: PulledImage[] = [];
  const teller = createPullTeller((one) => void sent.push(one), 600_000);
  const told: string[] = [];
  const first = teller.tell(pulled).then(() => told.push('first'));
  const second = teller.tell(pulled).then(() => told.push('second'));
  expect(sent.map(({ number }) => number)).toEqual([1, 2]);
  teller.learnt(7);
  teller.learnt(2);
  await second;
  expect(told).toEqual(['second']);
  teller.learnt(1);
  teller.learnt(1);
  await first;
});

test('a bulkheadd that says nothing is not waited for without end', async () => {
  const sent: PulledImage[] = [];
  await createPullTeller((one) => void sent.push(one), 1).tell(pulled);
  expect(sent).toHaveLength(1);
});
