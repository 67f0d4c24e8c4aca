import { effectiveSettings } from './effective-settings.js';
import type { Settings } from './settings-schema.js';

/**
 * Settings that this policy leaves to the user and that decide whether the audit log's export arrives, by name; none where nothing is exported. Threat: a network
 * of the VM that holds the collector's address, or one family of addresses that its name does not resolve to, and what the user does is in the VM's log alone.
 */
export function openWaysToCollector(settings: Settings): readonly string[] {
  if (settings.bulkhead?.audit?.openTelemetry === undefined) return [];
  const inForce = effectiveSettings(settings, {});
  return (['linuxVM.vpnkitCIDR', 'dnsInhibition'] as const).filter(
    (name) => inForce[name].source !== 'policy, locked',
  );
}
