import { expect, test } from 'vitest';
import { effectiveSettings } from '../../policy/index.js';
import { nativeNotes, settingsNotes } from './index.js';

const set = effectiveSettings(undefined, {
  dnsInhibition: 'ipv4',
  linuxVM: { vpnkitCIDR: '10.20.0.0/20' },
});

test('what decides nothing without a VM is told where somebody has set it; a gateway carries out what names are without', () => {
  const named = (withGateway: boolean): readonly string[] =>
    nativeNotes(set, withGateway).map((note) => note.replace(/ \(user\) decides nothing here: .*/, ''));
  expect(named(false)).toEqual(['linuxVM.vpnkitCIDR', 'dnsInhibition']);
  expect(named(true)).toEqual(['linuxVM.vpnkitCIDR']);
  expect(nativeNotes(effectiveSettings(undefined, {}), false)).toEqual([]);
});

test('of networks without IPv4 it is told what they do not reach: nothing of the outside but by a gateway', () => {
  const alone = effectiveSettings(undefined, { defaultNetworkingMode: 'ipv6only' });
  const notes = (withGateway: boolean): string => settingsNotes(undefined, alone, withGateway).join();
  expect(notes(false)).toMatch(/nothing outside is reached.*are not published/);
  expect(notes(true)).toMatch(/\(defaultNetworkingMode; user\): ports published there are not published/);
  expect(settingsNotes(undefined, effectiveSettings(undefined, {}), false)).toEqual([]);
});
