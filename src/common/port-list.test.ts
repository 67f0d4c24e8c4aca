import { expect, test } from 'vitest';
import { includesPort, parsePortList } from './port-list.js';

test.each([
  ['*', [1, 443, 65_535], [0, 65_536]],
  ['443', [443], [442, 444]],
  ['80, 443,8000-8999', [80, 443, 8000, 8999], [81, 7999, 9000]],
])('%s', (text, inside, outside) => {
  const list = parsePortList(text) ?? [];
  expect(inside.every((port) => includesPort(list, port))).toBe(true);
  expect(outside.some((port) => includesPort(list, port))).toBe(false);
});

test.each(['', ',', '80,', '0', '65536', '9-8', '-9', '9-', '1-2-3', 'https', '+80', '8e1', '**'])(
  '%j is no list of ports',
  (text) => {
    expect(parsePortList(text)).toBeUndefined();
  },
);
