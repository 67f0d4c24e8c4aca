import { expect, test } from 'vitest';
import { describeSettings, readSettings } from '../../policy/index.js';
import { settingsText } from './settings-text.js';

test('tells what is carried out from what is only accepted', () => {
  const file = {
    configurationFileVersion: 2,
    scout: { sbomIndexing: true },
    blockDockerLoad: { locked: true, value: true },
    bulkhead: { memoryMiB: { locked: false, value: 4096 }, registryAccess: { rules: [] } },
    linuxVM: { vpnkitCIDR: { locked: false, value: '192.168.65.0/24' } },
  };
  const { settings } = readSettings(new TextEncoder().encode(JSON.stringify(file)), 'p.json');
  expect(settings).toBeDefined();
  if (settings === undefined) return;
  expect(settingsText(describeSettings(settings))).toBe(`In order.
  configurationFileVersion  locked   version of the format; 2 (host)
  blockDockerLoad           locked   docker load, import and builds from an archive are refused (vm)
  linuxVM.vpnkitCIDR        default  network of the VM (host)
  bulkhead.memoryMiB        default  memory of the VM, in MiB (host)
  bulkhead.registryAccess   locked   which registries may be reached, to pull and to push (vm and host)
Accepted, of no use to Bulkhead:
  scout                     lists of what images contain
`);
});
