import { expect, test } from 'vitest';
import { toJournalText } from './service-output.js';

test('marks a JSON line with its service', () => {
  expect(JSON.parse(toJournalText('dockerd', '{"level":"warning","msg":"x"}'))).toEqual({
    service: 'dockerd',
    level: 'warning',
    msg: 'x',
  });
});

test.each(['panic: runtime error', '{"broken', '{', 'null'])('wraps %j', (line) => {
  expect(JSON.parse(toJournalText('containerd', line))).toEqual({
    service: 'containerd',
    level: 'info',
    msg: line,
  });
});
