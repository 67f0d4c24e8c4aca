import { expect, test } from 'vitest';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { endsEngine, restricts } from './restricting-settings.js';

const policy = (document: object): Settings => {
  const bytes = Buffer.from(JSON.stringify({ configurationFileVersion: 2, ...document }));
  return soundPolicy(readSettings(bytes, 'admin-settings.json')).settings;
};
const containersProxy = { locked: true, mode: 'manual', http: '', https: '', exclude: [] };

test.each<[string, object, boolean, boolean]>([
  ['other things', { bulkhead: { contact: 'it@example.com' } }, false, false],
  ['destinations', { bulkhead: { networkAccess: { default: 'deny', rules: [] } } }, true, false],
  ['proxies', { containersProxy }, true, false],
  ['registries', { bulkhead: { registryAccess: { rules: [] } } }, true, true],
  ['images', { bulkhead: { imageAccess: {} } }, true, true],
])('by a policy of %s something is kept in, or read', (_what, document, keepsIn, reads) => {
  const settings = policy(document);
  expect([restricts(settings), endsEngine(settings)]).toEqual([keepsIn, reads]);
});
