import { unnamedContact } from '../common/errors/bulkhead-error.js';
import type { Settings } from './settings-schema.js';

/** Whom a refusal tells its reader to ask (`bulkhead.contact`). */
export function contactOf(settings: Pick<Settings, 'bulkhead'> | undefined): string {
  return settings?.bulkhead?.contact ?? unnamedContact;
}
