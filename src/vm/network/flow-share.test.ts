import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { flowShare, readDescriptors } from './flow-share.js';

test.each([
  [524_288, 4096],
  [20_000, 1250],
  [4096, 256],
  [256, 64],
  [undefined, 4096],
])('of %s descriptors a network of containers has %i', (descriptors, share) => {
  expect(flowShare(descriptors)).toBe(share);
});

test('they are those a child has, whatever its parent was started with', () => {
  const words = ['-c', 'ulimit -Sn 300 && exec "$0" -e "$1"', process.execPath];
  const child = `process.stdout.write(require('node:child_process').execFileSync('sh', ['-c', 'ulimit -Sn']))`;
  const said = execFileSync('sh', [...words, child], { encoding: 'utf8' });
  expect(Number(said)).toBe(readDescriptors());
});
