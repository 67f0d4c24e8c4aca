import { z } from 'zod';
import { isJsonObject, type JsonObject } from './json-value.js';
import { namesOf } from './key-names.js';
import { proxyShape } from './proxy-setting.js';
import { settingValues } from './setting-values.js';
import { readStrictDocument, type StrictDocument } from './strict-document.js';

/**
 * What a user's own file may hold: values and no locks, under the names the policy has for them. Each is in the table of
 * `user-setting-table.ts`.
 */
export const userSettingsSchema = z.strictObject({
  blockDockerLoad: z.boolean().optional(),
  exposeDockerAPIOnTCP2375: z.boolean().optional(),
  portBindingBehavior: settingValues.portBindingBehavior.optional(),
  defaultNetworkingMode: settingValues.defaultNetworkingMode.optional(),
  dnsInhibition: settingValues.dnsInhibition.optional(),
  proxy: z.strictObject(proxyShape).optional(),
  linuxVM: z
    .strictObject({
      dockerDaemonOptions: settingValues.dockerDaemonOptions.optional(),
      vpnkitCIDR: settingValues.vpnkitCIDR.optional(),
    })
    .optional(),
  bulkhead: z
    .strictObject({
      memoryMiB: settingValues.memoryMiB.optional(),
      cpus: settingValues.cpus.optional(),
      dataSizeGiB: settingValues.dataSizeGiB.optional(),
      hostLoopback: z.boolean().optional(),
      sshAgent: z.boolean().optional(),
      shares: settingValues.shares.optional(),
    })
    .optional(),
});

export type UserSettings = z.infer<typeof userSettingsSchema>;

const names = namesOf(userSettingsSchema);

/** @param file its name, for the messages. @returns the settings, or one `BH_SETTINGS_INVALID` for each fault. */
export function readUserSettings(bytes: Uint8Array, file: string): StrictDocument<UserSettings> {
  return readStrictDocument(bytes, file, {
    schema: userSettingsSchema,
    names,
    problem: 'BH_SETTINGS_INVALID',
  });
}

/**
 * The document with one value under a name such as `linuxVM.dockerDaemonOptions`, or without one. An object left empty goes as well, so
 * that setting and unsetting leave no trace.
 */
export function withSetting(
  document: JsonObject,
  name: string,
  value: JsonObject[string] | undefined,
): JsonObject {
  const [first = '', ...rest] = name.split('.');
  const { [first]: held, ...others } = document;
  const inner =
    rest.length === 0 ? value : withSetting(isJsonObject(held) ? held : {}, rest.join('.'), value);
  const empty =
    inner === undefined || (rest.length > 0 && isJsonObject(inner) && Object.keys(inner).length === 0);
  return empty ? others : { ...others, [first]: inner };
}
