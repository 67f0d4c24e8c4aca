import { expect, test } from 'vitest';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { checkWayOut } from './way-out.js';

const policy = (bulkhead: object): Settings => {
  const bytes = Buffer.from(JSON.stringify({ configurationFileVersion: 2, bulkhead }));
  return soundPolicy(readSettings(bytes, 'admin-settings.json')).settings;
};
const contact = 'it@example.com';
const networkAccess = { default: 'deny', rules: [] };
const restricting = policy({ contact, networkAccess });
const reading = [policy({ contact, imageAccess: {} }), policy({ contact, registryAccess: { rules: [] } })];
const [yes, no] = [() => true, () => false];

test('a VM whose policy says what may get out does not serve without the way out that is kept to it', () => {
  for (const settings of [restricting, ...reading])
    expect(() => checkWayOut('vm', settings, { isKept: no, isTrusted: yes })).toThrow(
      /bulkhead\.networkAccess, containersProxy, .*rule egress/,
    );
  expect(() => checkWayOut('vm', restricting, { isKept: yes, isTrusted: no })).not.toThrow();
});

test('nor where its engine’s requests are read, and the engine does not know by whom', () => {
  for (const settings of reading) {
    expect(() => checkWayOut('vm', settings, { isKept: yes, isTrusted: no })).toThrow(
      /bulkhead\.registryAccess, bulkhead\.imageAccess.*rule egress/,
    );
    expect(() => checkWayOut('vm', settings, { isKept: yes, isTrusted: yes })).not.toThrow();
  }
});

test('other policies ask for none, and natively there is no other way out', () => {
  const none = { isKept: no, isTrusted: no };
  expect(() => checkWayOut('vm', policy({ contact }), none)).not.toThrow();
  expect(() => checkWayOut('native', restricting, none)).not.toThrow();
});
