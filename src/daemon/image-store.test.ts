import { expect, test } from 'vitest';
import { readSettings, type Settings, soundPolicy } from '../policy/index.js';
import { checkImageStore } from './image-store.js';

const policy = (bulkhead: object): Settings => {
  const bytes = Buffer.from(JSON.stringify({ configurationFileVersion: 2, bulkhead }));
  return soundPolicy(readSettings(bytes, 'admin-settings.json')).settings;
};
const rules = policy({ contact: 'it@example.com', imageAccess: {} });
const kept = (config: object) => (): string => JSON.stringify({ hosts: [], ...config });
const overlay = { 'storage-driver': 'overlay2' };

test('with rules of images nothing is served where the engine does not note where images come from', () => {
  const containerd = { features: { 'containerd-snapshotter': true } };
  for (const config of [containerd, { ...overlay, ...containerd }, { 'storage-driver': 'overlayfs' }, {}])
    expect(() => checkImageStore(rules, kept(config))).toThrow(/bulkhead\.imageAccess.*it@example\.com/s);
  expect(() => checkImageStore(rules, kept(overlay))).not.toThrow();
  expect(() => checkImageStore(rules, kept({ ...overlay, features: { cdi: true } }))).not.toThrow();
});

test('without them it may keep images as it likes', () => {
  const none = policy({ contact: 'it@example.com', registryAccess: { rules: [] } });
  expect(() => checkImageStore(none, kept({}))).not.toThrow();
});
