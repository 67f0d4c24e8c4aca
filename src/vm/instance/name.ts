import { BulkheadError } from '../../common/errors/bulkhead-error.js';

export const defaultInstanceName = 'default';

export function isInstanceName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,30}$/.test(name);
}

/**
 * An instance name becomes part of paths and of QEMU arguments, so it holds nothing with a meaning in either.
 * Throws `BH_INSTANCE_NAME`.
 */
export function checkInstanceName(name: string): string {
  if (isInstanceName(name)) return name;
  const rule = 'it must be 1 to 31 lower-case letters, digits and hyphens, and not start with a hyphen';
  throw new BulkheadError('BH_INSTANCE_NAME', { name, rule });
}
