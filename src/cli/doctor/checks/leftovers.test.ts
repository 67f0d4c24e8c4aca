import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { leftoversCheck } from './leftovers.js';

const left = { name: 'default', failure: undefined, files: [], processes: [] };

test.each([
  [[], 'ok: none, of 2 instances'],
  [
    [{ ...left, failure: 'The controller ended', files: ['/r/docker.sock'] }],
    /^warning: default: The controller ended; left over: \/r\/docker\.sock → `bulkhead up` starts it again/,
  ],
  [[{ ...left, name: 'ci', files: ['/r/x'] }], /^warning: ci: left over: \/r\/x → The next start/],
  [
    [{ ...left, name: 'ci', processes: [42] }],
    /^problem: ci: QEMU \(process 42\) .*`kill 42`, then `bulkhead up --name ci`/,
  ],
])('%#', (leftovers, text) => {
  expect(judged(leftoversCheck, { instances: 2, leftovers })[0]).toMatch(text);
});
