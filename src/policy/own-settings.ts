import { bulkheadMeanings, type Enforcer, type SettingFacts } from './setting-table.js';

/** Carried out on the host: they say how a VM is started, or what the policy itself is. */
const ofTheHost: ReadonlySet<string> = new Set([
  'cpus',
  'dataSizeGiB',
  'hostLoopback',
  'memoryMiB',
  'restartOnChange',
]);

/** Decided by the gateway on the host, and by the gate in the VM, which tells it sooner. */
const ofBoth: ReadonlySet<string> = new Set(['imageAccess', 'networkAccess', 'registryAccess']);

/** What a key of `bulkhead` is. @param key one of `bulkheadKeys`. */
export function ownFacts(key: string): SettingFacts {
  return { enforcer: enforcerOf(key), meaning: bulkheadMeanings[key] ?? '' };
}

function enforcerOf(key: string): Enforcer {
  if (ofBoth.has(key)) return 'vm and host';
  return ofTheHost.has(key) ? 'host' : 'vm';
}
