import { defineErrors, ExitCode } from './definition.js';

/** Refusals of connections. Who asked is a container, a step of a build or the engine. */
export const egressErrors = defineErrors({
  BH_EGRESS_AUTHORITY: {
    message:
      'The policy has what the engine asks registries for read on the host (bulkhead.registryAccess, bulkhead.imageAccess), and the VM has no certificate of who reads it: nothing is served (rule egress).',
    setting: 'bulkhead.registryAccess, bulkhead.imageAccess',
    remedy:
      'Start the VM with `bulkhead up` of the version its image is of; the console log says what could not be made. Ask {contact} otherwise.',
    exitCode: ExitCode.refused,
  },
  BH_EGRESS_UNKEPT: {
    message:
      'The policy says where may be connected to from this VM (bulkhead.networkAccess, containersProxy, bulkhead.registryAccess, bulkhead.imageAccess), and the VM has no way out that is kept to it: nothing is served (rule egress).',
    setting: 'bulkhead.networkAccess',
    remedy:
      'Start the VM with `bulkhead up` of the version its image is of; the console log says what could not be made. Ask {contact} otherwise.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_ACCESS: {
    message: '{who} may not connect to {destination}: {because} (rule network-access).',
    setting: '{setting}',
    remedy:
      '`bulkhead policy explain connect` says which rule decides a destination. Ask {contact} to allow it.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_FIRST_BYTES: {
    message:
      '{who} begins a connection to {destination} like {protocol}, and {reason}: refused by rule first-bytes, because a server could read another name in it than we do.',
    setting: '{setting}',
    remedy: 'Use a client that keeps to the protocol, or ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_HOST: {
    message:
      '{who} may not connect to {destination}: it is an address of the machine itself, of its link, or at which its cloud answers the machine (rule host-addresses).',
    setting: 'bulkhead.hostLoopback',
    remedy:
      'Services of this machine are reached as host.docker.internal, where the policy lets them be. Ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_IMAGES: {
    message:
      'Access to {host} has been restricted by your administrators. {who} may not connect to it, because it is a registry of which not every image is admitted, and nobody sees which one is asked for inside TLS (rule image-access).',
    setting: '{setting}',
    remedy:
      'Pull or push the image with docker on the host, where each is decided by itself. Ask {contact} to admit all of that registry, or to let containers reach what they like of it (bulkhead.imageAccess.containers).',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_LOOPBACK: {
    message:
      '{who} may not connect to {destination}, which is the loopback of this machine: {because} (rule host-loopback).',
    setting: '{setting}',
    remedy:
      'Reach the service by another address of this machine, where the policy allows one. Ask {contact} whether that loopback may be opened.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_NAME: {
    message:
      '{who} connects to {destination} and asks there for {name}, which does not have the address {address}: refused by rule name-and-address.',
    setting: 'bulkhead.networkAccess',
    remedy:
      'Let the name be resolved by the name servers the container has, without --add-host, an /etc/hosts or a name server of its own. Ask {contact} for a rule that allows the address.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_PRIVATE: {
    message:
      '{who} may not connect to {name}: it has the address {address}, of a private network or of this machine, which its rule does not name (rule private-addresses).',
    setting: 'bulkhead.networkAccess',
    remedy:
      'Ask {contact}, where the name belongs to you, to put the network into "addresses" of the rule that allows it.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_PROXY: {
    message:
      '{who} asks {destination} for {asked}, as one asks a proxy, and no rule allows that proxy by its name or address (rule outside-proxies).',
    setting: 'bulkhead.networkAccess',
    remedy: 'Connect without a proxy: the way out is decided here. Ask {contact} to allow the proxy by name.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_REGISTRY: {
    message:
      'Access to {host} has been restricted by your administrators. {who} may not connect to it, because it is a registry that is not listed (rule registry-access).',
    setting: 'bulkhead.registryAccess',
    remedy: 'Ask {contact} to add it to the allowed registries.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_REGISTRY_UNSAID: {
    message:
      '{who} does not reach {host}: asked whether it is a registry it can’t answer now, and no rule names it (rule registry-access).',
    setting: '{setting}',
    remedy: 'Try again when it answers. Ask {contact} to list it if it never answers that.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_UNDECIDED: {
    message:
      'The connection is refused by rule first-bytes: the client began to speak as to another destination than was reached for it.',
    setting: '{setting}',
    remedy:
      'Connect again; a client that speaks at once is not taken for one that waits for its server. Ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_NETWORK_UNKNOWN: {
    message:
      'A connection from {address} is refused by rule known-clients: no container and no build has that address.',
    setting: 'bulkhead.networkAccess',
    remedy: 'A container has the address Docker gave it. Ask {contact}.',
    exitCode: ExitCode.refused,
  },
  BH_CONTAINERS_PROXY: {
    message: '{who} may not connect to {destination}: {reason} (rule containers-proxy).',
    setting: 'containersProxy',
    remedy: 'Ask {contact}.',
    exitCode: ExitCode.refused,
  },
});
