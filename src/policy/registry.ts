import { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { contactOf } from './contact.js';
import { namesOf } from './key-names.js';
import type { Settings } from './settings-schema.js';
import { organizationNames } from './sign-in-schema.js';
import { readStrictDocument } from './strict-document.js';

const registrySchema = z.strictObject({ allowedOrgs: organizationNames });

/** Docker's `registry.json`: members of which organizations may use an engine of this machine. */
export type Registry = z.infer<typeof registrySchema>;

/**
 * Reads it whole or not at all: one that was passed over because of a comma would let everybody in.
 *
 * @param file its name, for the messages.
 * @throws BH_REGISTRY_INVALID, with the first place that is wrong.
 */
export function readRegistry(bytes: Uint8Array, file: string): Registry {
  const read = readStrictDocument(bytes, file, {
    schema: registrySchema,
    names: namesOf(registrySchema),
    problem: 'BH_REGISTRY_INVALID',
  });
  if (read.problems === undefined) return read.value;
  throw read.problems[0];
}

/**
 * The organizations whose members may use the engine, sorted; undefined where everybody may. The host belongs to the developer, so its
 * `registry.json` can only ask for more: of the policy's organizations those count that it names as well, and if none is left nobody may.
 *
 * @throws BH_SIGN_IN_NO_ISSUER when only that file asks for members: without a provider nobody could show to be one.
 */
export function allowedOrganizations(
  settings: Pick<Settings, 'bulkhead'> | undefined,
  registry: Registry | undefined,
): string[] | undefined {
  const signIn = settings?.bulkhead?.signIn;
  if (signIn !== undefined) {
    const both = signIn.allowedOrgs.filter((name) => registry?.allowedOrgs.includes(name) ?? true);
    return [...new Set(both)].sort();
  }
  if (registry === undefined) return undefined;
  const organizations = registry.allowedOrgs.join(', ');
  throw new BulkheadError('BH_SIGN_IN_NO_ISSUER', {
    file: 'registry.json',
    organizations,
    contact: contactOf(settings),
  });
}
