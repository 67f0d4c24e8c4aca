import { describe, expect, test } from 'vitest';
import { allowedDirectories, directoriesSharedByDefault, mayBeShared } from './allowed-directories.js';

const named = { home: '/home/ada', temporary: '/tmp' };
const entry = (path: string, sharedByDefault = false) => ({ path, sharedByDefault });

test('G06 the variables of Docker, and absolute paths', () => {
  const paths = [
    '$HOME/src',
    '$HOME',
    '$TMP/x',
    '$TEMP',
    '/srv/data/',
    '/srv/../opt',
    'C:\\data',
    '$HOMER',
    'src',
  ];
  expect(
    allowedDirectories(
      paths.map((path) => entry(path)),
      named,
    ),
  ).toEqual(['/home/ada/src', '/home/ada', '/tmp/x', '/tmp', '/srv/data', '/opt']);
  expect(directoriesSharedByDefault([entry('$HOME', true), entry('/srv')], named)).toEqual(['/home/ada']);
});

describe('G06 mayBeShared', () => {
  test.each([
    ['/srv/data', '/srv/data', true],
    ['/srv/data/x/y', '/srv/data/', true],
    ['/srv/data2', '/srv/data', false],
    ['/srv', '/srv/data', false],
    ['/home/ada/src/x', '$HOME/src', true],
    ['/home/ada/other', '$HOME/src', false],
    ['/home/ada/src2', '$HOME/src', false],
    ['/anything', '$HOME', true],
    ['/tmp/x', '$TMP', true],
    ['/tmpx', '$TEMP', false],
    ['/x', 'C:\\', false],
  ])('%s of %s: %s', (path, allowed, expected) => {
    expect(mayBeShared(path, [entry(allowed)])).toBe(expected);
  });

  test('an empty list allows nothing', () => {
    expect(mayBeShared('/srv', [])).toBe(false);
  });
});
