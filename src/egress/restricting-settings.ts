import { notCarriedOut, type Settings } from '../policy/index.js';

/** What decides where engine and containers may connect, and what of. */
const restricting = [
  'containersProxy',
  'bulkhead.registryAccess',
  'bulkhead.imageAccess',
  'bulkhead.networkAccess',
];

/** What the gateway of an engine without a VM carries out, though the VM's does not. */
const byGateway: ReadonlySet<string> = new Set(restricting);

/** Whether a policy restricts anything of what may get out. */
export function restricts({ containersProxy, bulkhead = {} }: Settings): boolean {
  const { registryAccess, imageAccess, networkAccess } = bulkhead;
  return [containersProxy, registryAccess, imageAccess, networkAccess].some((part) => part !== undefined);
}

/** Whether a policy says something of what the engine itself asks for: each of its requests is read and decided then. */
export function endsEngine(policy: Settings): boolean {
  return ofTheEngine(policy).length > 0;
}

/** Of what a policy restricts: what a gateway carries out, though the VM does not. */
export function carriedOutByGateway(policy: Settings | undefined): string[] {
  return idleRestrictions(policy).filter((name) => byGateway.has(name));
}

/**
 * The settings of a policy that restrict what may get out, and that this version does not carry out: with any of them nothing may get out at all. A gateway that
 * allows everything would be what the administrator has forbidden.
 */
export function unenforcedRestrictions(policy: Settings | undefined): string[] {
  return idleRestrictions(policy).filter((name) => !byGateway.has(name));
}

function idleRestrictions(policy: Settings | undefined): string[] {
  if (policy === undefined) return [];
  const idle = notCarriedOut(policy);
  return restricting.filter((name) => idle.some((other) => other === name || other.startsWith(`${name}.`)));
}

/** How a VM is kept to a policy: `gateway` decides what may get out, or nothing may, or what the VM asks for does. */
export type VmEgress = 'open' | 'gateway' | 'closed';

/**
 * The rules for registries and images are held to by the VM's own engine alone: by themselves they leave its network as it is, which whoever starts it is told (`policyNotes`). Beside those the gateway
 * carries out nothing may get out, as it would decide by a part of the policy.
 */
export function egressOfVm(policy: Settings | undefined): VmEgress {
  if (policy?.containersProxy === undefined && policy?.bulkhead?.networkAccess === undefined) return 'open';
  return notInVm(policy).length === 0 ? 'gateway' : 'closed';
}

/** What restricts, and the gateway of a VM does not carry out: it does not end the engine's connections. */
export function notInVm(policy: Settings): string[] {
  return ofTheEngine(policy);
}

function ofTheEngine({ bulkhead = {} }: Settings): string[] {
  return [
    ...(bulkhead.registryAccess === undefined ? [] : ['bulkhead.registryAccess']),
    ...(bulkhead.imageAccess === undefined ? [] : ['bulkhead.imageAccess']),
  ];
}
