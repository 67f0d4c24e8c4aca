import { readSettings, type Settings } from '../../policy/index.js';

/** A policy as it is read from a file. @throws the first thing that is wrong with it. */
export function settingsOf(policy: object): Settings {
  const text = JSON.stringify({ configurationFileVersion: 2, ...policy });
  const { settings, problems } = readSettings(new TextEncoder().encode(text), 'policy.json');
  if (settings === undefined) throw problems[0];
  return settings;
}
