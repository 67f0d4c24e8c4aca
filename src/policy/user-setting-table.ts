import type { UserSettingName } from './effective-settings.js';
import { names as policyNames } from './key-names.js';
import { settingTable } from './setting-table.js';

/** Every setting a user may set, and what it is for; the policy's own come from its table. */
export const userSettingTable: Readonly<Record<UserSettingName, string>> = {
  blockDockerLoad: settingTable.blockDockerLoad.meaning,
  exposeDockerAPIOnTCP2375: settingTable.exposeDockerAPIOnTCP2375.meaning,
  portBindingBehavior: settingTable.portBindingBehavior.meaning,
  defaultNetworkingMode: settingTable.defaultNetworkingMode.meaning,
  dnsInhibition: settingTable.dnsInhibition.meaning,
  proxy: settingTable.proxy.meaning,
  'linuxVM.dockerDaemonOptions': settingTable['linuxVM.dockerDaemonOptions'].meaning,
  'linuxVM.vpnkitCIDR': settingTable['linuxVM.vpnkitCIDR'].meaning,
  'bulkhead.memoryMiB': 'memory of the VM, in MiB',
  'bulkhead.cpus': 'processors of the VM',
  'bulkhead.dataSizeGiB': 'size of a new data disk, in GiB',
  'bulkhead.hostLoopback': "whether containers reach services of the host's loopback by host.docker.internal",
  'bulkhead.sshAgent':
    "whether containers may bind the socket of the host's ssh agent, to list keys and sign",
  'bulkhead.shares': 'directories of the host that containers may bind, when none are named at the start',
};

export function isUserSettingName(name: string): name is UserSettingName {
  return Object.hasOwn(userSettingTable, name);
}

export const userSettingNames: readonly UserSettingName[] =
  Object.keys(userSettingTable).filter(isUserSettingName);

/** How a name a person typed is spelt; undefined where it is none. Like Docker, in any case of its letters. */
export function userSettingNamed(text: string): UserSettingName | undefined {
  return userSettingNames.find((name) => name.toLowerCase() === text.toLowerCase());
}

/** Whether it is a name of the policy, `bulkhead.contact` and the like included. */
export function isPolicySetting(text: string): boolean {
  const wanted = text.toLowerCase();
  const [object = '', key = ''] = wanted.split('.');
  return (
    Object.keys(settingTable).some((name) => name.toLowerCase() === wanted) ||
    (object === 'bulkhead' && policyNames.has(key))
  );
}

/** The names a person may have meant, best first, three at most. */
export function nearSettings(text: string): UserSettingName[] {
  const wanted = text.toLowerCase();
  return userSettingNames
    .map((name) => {
      const folded = name.toLowerCase();
      const parts = [folded, folded.replace(/^.*\./, '')];
      const within = wanted.length > 2 && folded.includes(wanted);
      return { name, distance: within ? 0 : Math.min(...parts.map((part) => distance(wanted, part))) };
    })
    .filter(({ name, distance: far }) => far <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein's: how many letters have to be added, taken away or changed. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 0; at < one.length; at += 1) {
    const next = [at + 1];
    for (let index = 0; index < other.length; index += 1)
      next.push(
        Math.min(
          (next[index] ?? 0) + 1,
          (row[index + 1] ?? 0) + 1,
          (row[index] ?? 0) + (one.charAt(at) === other.charAt(index) ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
