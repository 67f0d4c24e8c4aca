import type { Settings } from './settings-schema.js';

/** Whom a refusal tells its reader to ask where no policy says. */
export const unnamedContact = 'your administrator';

/** Whom a refusal tells its reader to ask (`bulkhead.contact`). */
export function contactOf(settings: Pick<Settings, 'bulkhead'> | undefined): string {
  return settings?.bulkhead?.contact ?? unnamedContact;
}
