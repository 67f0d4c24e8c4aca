import { defaultInstanceName } from '../../vm/instance/name.js';

/** Docker's context of an instance: `bulkhead`, or `bulkhead-<name>`. The name of an instance is one that Docker takes. */
export function contextName(instance: string): string {
  return instance === defaultInstanceName ? 'bulkhead' : `bulkhead-${instance}`;
}
