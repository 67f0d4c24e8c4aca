import { describeSettings } from './describe-settings.js';
import { clientCommands } from '../common/docker-commands.js';
import type { Settings } from './settings-schema.js';

/** Wholly carried out, or about the file itself. */
const carriedOut: ReadonlySet<string> = new Set([
  'configurationFileVersion',
  'blockDockerLoad',
  'exposeDockerAPIOnTCP2375',
  'linuxVM.dockerDaemonOptions',
  'linuxVM.vpnkitCIDR',
  'filesharingAllowedDirectories',
  'defaultNetworkingMode',
  'dnsInhibition',
  'portBindingBehavior',
  'proxy',
  'containersProxy',
  'bulkhead.cpus',
  'bulkhead.dataSizeGiB',
  'bulkhead.memoryMiB',
  'bulkhead.hostLoopback',
  'bulkhead.sshAgent',
  'bulkhead.contact',
  'bulkhead.audit',
  'bulkhead.serial',
  'bulkhead.expires',
  'bulkhead.signature',
  'bulkhead.minimumImageVersion',
  'bulkhead.restartOnChange',
  'bulkhead.allowPrivileged',
  'bulkhead.buildHostNetwork',
  'bulkhead.buildInsecure',
  'bulkhead.devices',
  'bulkhead.idsPerContainer',
  'bulkhead.imageAccess',
  'bulkhead.cgroupParents',
  'bulkhead.minimumOomScoreAdj',
  'bulkhead.networkAccess',
  'bulkhead.registryAccess',
  'bulkhead.seccompExempt',
  'bulkhead.signIn',
  'bulkhead.socketRules',
  'enhancedContainerIsolation.dockerSocketMount',
]);

/** Whether this version does what a setting says; of names such as `bulkhead.contact`. */
export function isCarriedOut(name: string): boolean {
  return carriedOut.has(name) || name === 'enhancedContainerIsolation.value' || name === 'bulkhead.shares';
}

/**
 * The settings of a policy that this version reads and does not carry out yet, by name. Whoever starts an engine with it must hear of them:
 * an administrator who believes a rule to be in force looks after nothing else.
 */
export function notCarriedOut(settings: Settings): string[] {
  const isolation = settings.enhancedContainerIsolation;
  const names = [
    ...describeSettings(settings).flatMap(({ name, facts }) =>
      // Isolation is told by its own keys.
      facts.enforcer === 'nobody' || name === 'enhancedContainerIsolation' ? [] : [name],
    ),
    ...withoutEffect(settings),
    ...proxyWithoutEffect(settings),
    // Isolation is never off: where the policy asks for that, it does not get it.
    ...(isolation?.value === false ? ['enhancedContainerIsolation.value'] : []),
  ];
  return names.filter((name) => !carriedOut.has(name));
}

/** A file or a program that says which proxy is for which address, and signing in at one with the user's ticket. */
function proxyWithoutEffect({ proxy }: Settings): string[] {
  return [
    ...((proxy?.pac ?? '') === '' ? [] : ['proxy.pac']),
    ...((proxy?.embeddedPac ?? '') === '' ? [] : ['proxy.embeddedPac']),
    ...(proxy?.enableKerberosNtlm === true ? ['proxy.enableKerberosNtlm'] : []),
  ];
}

/** Commands in lists that are the client's alone: nothing of them is seen here. */
function withoutEffect({ enhancedContainerIsolation, bulkhead }: Settings): string[] {
  const lists = [
    {
      name: 'enhancedContainerIsolation.dockerSocketMount.commandList',
      list: enhancedContainerIsolation?.dockerSocketMount?.commandList,
    },
    ...(bulkhead?.socketRules ?? []).map(({ image, commandList: list }) => ({
      name: `bulkhead.socketRules (${image})`,
      list,
    })),
  ];
  return lists.flatMap(({ name, list }) =>
    (list?.commands ?? [])
      .filter((command) => clientCommands.some((other) => other === command))
      .map((command) => `${name}: ${command}`),
  );
}
