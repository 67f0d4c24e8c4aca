import type { IdentityProvider } from './identity-provider.ts';
import type { signedPolicy } from './signed-policy.ts';

export interface Governing {
  readonly serial: number;
  readonly contact: string;
  readonly provider: IdentityProvider;
  /** The one image that may have the Docker socket, for `ps` and `version` alone. */
  readonly socketImage: string;
  /** Whether the API is on port 2375. */
  readonly onTcp: boolean;
  /** The VM's own, in CIDR form. */
  readonly network: string;
  /** Addresses no name resolves to, as `dnsInhibition`. */
  readonly inhibition: 'ipv6' | 'none';
  /** What may be shared with containers, and what is below it. */
  readonly mayShare: string;
}

/** A policy that has everything on: what it decides differently from having none is what a test asks for. */
export function governingPolicy({
  serial,
  contact,
  provider: { issuer, clientId, jwks },
  socketImage,
  onTcp,
  network,
  inhibition,
  mayShare,
}: Governing): Parameters<typeof signedPolicy> {
  return [
    {
      serial,
      contact,
      allowPrivileged: false,
      hostLoopback: { locked: true, value: true },
      signIn: { issuer, clientId, jwks, scopes: ['groups'], allowedOrgs: ['acme', 'others'] },
    },
    {
      blockDockerLoad: { locked: false, value: true },
      exposeDockerAPIOnTCP2375: { locked: true, value: onTcp },
      portBindingBehavior: { locked: true, value: 'local-only-port-binding' },
      defaultNetworkingMode: { locked: true, value: 'dual-stack' },
      dnsInhibition: { locked: true, value: inhibition },
      filesharingAllowedDirectories: [{ path: mayShare }],
      linuxVM: {
        vpnkitCIDR: { locked: true, value: network },
        dockerDaemonOptions: {
          locked: true,
          value: JSON.stringify({
            labels: ['team=vm'],
            hosts: ['tcp://0.0.0.0:2376'],
            runtimes: { other: { path: '/usr/lib/bulkhead/runc' } },
            'userns-remap': 'default',
          }),
        },
      },
      enhancedContainerIsolation: {
        locked: true,
        value: true,
        dockerSocketMount: {
          imageList: { images: [socketImage] },
          commandList: { type: 'allow', commands: ['ps', 'version'] },
        },
      },
    },
  ];
}
