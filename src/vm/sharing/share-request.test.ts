import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseShare, settingText } from './share-request.js';

test.each([
  ['/srv/data', '/srv/data', false],
  ['/srv/data:ro', '/srv/data', true],
  ['/srv/data:rw', '/srv/data', false],
  ['/srv/../home/x/', '/home/x', false],
  ['/srv/odd:ro:rw', '/srv/odd:ro', false],
  ['/srv/a:b', '/srv/a:b', false],
  ['project', join(process.cwd(), 'project'), false],
  ['.:ro', process.cwd(), true],
])('%j is %s, read-only %s', (text, path, readOnly) => {
  expect(parseShare(text)).toEqual({ path, readOnly });
});

test.each(['/srv/data', '/srv/data:ro', '/srv/odd:ro:rw', '/srv/odd:ro:ro'])(
  '%j is written as it is',
  (text) => {
    expect(settingText(parseShare(text))).toBe(text);
  },
);
