import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** `$XDG_CONFIG_HOME/bulkhead/settings.json`; a relative value is ignored (XDG Base Directory Specification). */
export function userSettingsFile(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['XDG_CONFIG_HOME'];
  const config = given !== undefined && isAbsolute(given) ? given : join(homedir(), '.config');
  return join(config, 'bulkhead', 'settings.json');
}
