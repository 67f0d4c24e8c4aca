import { expect, test } from 'vitest';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { checkWayOut } from './way-out.js';

const policy = (bulkhead: object): Settings => {
  const bytes = Buffer.from(JSON.stringify({ configurationFileVersion: 2, bulkhead }));
  return soundPolicy(readSettings(bytes, 'admin-settings.json')).settings;
};
const networkAccess = { default: 'deny', rules: [] };
const restricting = policy({ contact: 'it@example.com', networkAccess });

test('a VM whose policy says what may get out does not serve without the way out that is kept to it', () => {
  expect(() => checkWayOut('vm', restricting, () => false)).toThrow(/bulkhead\.networkAccess/);
  expect(() => checkWayOut('vm', policy({ networkAccess, imageAccess: {} }), () => false)).toThrow(
    /containersProxy/,
  );
  expect(() => checkWayOut('vm', restricting, () => true)).not.toThrow();
});

test('other policies ask for none, and natively there is no other way out', () => {
  const other = policy({ contact: 'it@example.com' });
  expect(() => checkWayOut('vm', other, () => false)).not.toThrow();
  expect(() => checkWayOut('native', restricting, () => false)).not.toThrow();
});
