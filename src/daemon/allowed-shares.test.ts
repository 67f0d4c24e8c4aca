import { expect, test } from 'vitest';
import { checkSharesAllowed } from './allowed-shares.js';

const check =
  (allowed: readonly string[] | undefined, ...paths: string[]) =>
  () => {
    checkSharesAllowed(
      paths.map((path) => ({ path, readOnly: false })),
      {
        configurationFileVersion: 2,
        ...(allowed === undefined
          ? {}
          : { filesharingAllowedDirectories: allowed.map((path) => ({ path, sharedByDefault: false })) }),
      },
      // A link and what it leads to end alike.
      (path) => path.replace(/.*\//, ''),
    );
  };

test('G06 bulkheadd holds what is shared against the policy itself', () => {
  expect(check(['/srv/data'], '/srv/data/x', '/srv/data')).not.toThrow();
  expect(check(['/srv/data'], '/srv/data/x', '/etc/y')).toThrow(/\/etc\/y can't be shared .*\/srv\/data/);
  expect(check([], '/srv/data')).toThrow('allows: none');
  expect(check(undefined, '/etc/y')).not.toThrow();
});

test('G06 one of the two names of a link is enough', () => {
  expect(check(['/data'], '/data/x', '/mnt/disk/x')).not.toThrow();
  expect(check(['/data'], '/mnt/disk/x')).toThrow('/mnt/disk/x');
});
