import { expect, test } from 'vitest';
import type { EgressClient } from '../../common/egress-clients.js';
import { clientLines, difference } from './client-lines.js';

const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
const container = (id: string, address: string, labels: Record<string, string> = {}): EgressClient => ({
  kind: 'container',
  id,
  name: 'web',
  image: [],
  labels,
  addresses: [address],
});
const builds: EgressClient = { kind: 'builds', addresses: [] };
const parsed = (lines: readonly string[]): unknown[] => lines.map((line): unknown => JSON.parse(line));

test('all is said at first, then what has changed, and who has gone before who has come', () => {
  const first = clientLines([container(one, '172.17.0.2'), builds]);
  expect(parsed(difference(undefined, first))).toEqual([container(one, '172.17.0.2'), builds]);
  expect(difference(first, first)).toEqual([]);
  const second = clientLines([container(two, '172.17.0.2'), builds]);
  expect(parsed(difference(first, second))).toEqual([
    { kind: 'gone', id: one },
    container(two, '172.17.0.2'),
  ]);
});

test('that the engine does not say any more is said once', () => {
  expect(parsed(difference(clientLines([builds]), undefined))).toEqual([{ kind: 'nobody' }]);
  expect(difference(undefined, undefined)).toEqual([]);
});

test('whoever has too much to say of itself is nobody', () => {
  const long = { label: 'x'.repeat(300_000) };
  expect(clientLines([container(one, '172.17.0.2', long), builds])?.size).toBe(1);
});
