import { expect, test } from 'vitest';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { judged } from '../test-support/judged.js';
import { socketsCheck } from './sockets.js';

const directory = { kind: 'directory' as const, mode: 0o700, uid: 1000, gid: 1000, size: 0, taken: 0 };
const socket = { ...directory, kind: 'socket' as const, mode: 0o600 };
const facts = { uid: 1000, refusal: undefined };

test.each([
  [[], /^ok: none yet/],
  [
    [
      { path: '/r', facts: directory },
      { path: '/r/s', facts: socket },
    ],
    /^ok: yours/,
  ],
  [[{ path: '/r', facts: { ...directory, uid: 0 } }], /^problem: \/r: it belongs to user 0/],
  [
    [{ path: '/r', facts: { ...directory, mode: 0o777 } }],
    /^problem: \/r: others may write to it \(mode 777\)/,
  ],
  [[{ path: '/r', facts: { ...directory, mode: 0o755 } }], /^ok/],
  [[{ path: '/s', facts: { ...socket, mode: 0o666 } }], /^problem: \/s: others may use it/],
  [[{ path: '/s', facts: { ...socket, kind: 'file' as const } }], /^problem: \/s: it is neither/],
])('%#', (found, text) => {
  expect(judged(socketsCheck, { ...facts, found })[0]).toMatch(text);
});

test('a place where no socket can be', () => {
  const refusal = new BulkheadError('BH_SOCKET_PATH_LONG', { path: '/x', length: 200, limit: 107 });
  expect(judged(socketsCheck, { uid: 1000, refusal, found: [] })[0]).toMatch(/^problem: The socket path/);
});
