import { expect, test } from 'vitest';
import { checkLogFiles } from './log-files.js';

test.each(['', '1', '5', '1000', '-1', 'many', '0x7fffffff', '1e9', '00000000000000000005'])(
  'passes %j files, or leaves them to dockerd',
  (count) => {
    expect(() => {
      checkLogFiles(count);
    }).not.toThrow();
  },
);

test.each(['1001', '2000000000', '+2000000000', '0002000000000', '9'.repeat(400)])(
  'refuses %j files',
  (count) => {
    expect(() => {
      checkLogFiles(count);
    }).toThrow('rule log-drivers refuses a log of');
  },
);
