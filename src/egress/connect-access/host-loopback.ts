import { link } from '../../common/egress-link.js';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { tcpApiPort } from '../../common/tcp-api-port.js';
import type { EffectiveSettings } from '../../policy/index.js';

/**
 * Whether containers may reach the loopback of the host (`bulkhead.hostLoopback`). `engine-exposed`: they might, and the engine is there as well
 * (`exposeDockerAPIOnTCP2375`).
 */
export const hostLoopbacks = ['open', 'closed', 'engine-exposed'] as const;
export type HostLoopback = (typeof hostLoopbacks)[number];

export function hostLoopbackOf(
  effective: Pick<EffectiveSettings, 'bulkhead.hostLoopback' | 'exposeDockerAPIOnTCP2375'>,
): HostLoopback {
  if (!effective['bulkhead.hostLoopback'].value) return 'closed';
  return effective.exposeDockerAPIOnTCP2375.value ? 'engine-exposed' : 'open';
}

/** The one by which rules name the host; the others are the same place. */
export const hostName = 'host.docker.internal';
const hostNames: ReadonlySet<string> = new Set([
  hostName,
  'gateway.docker.internal',
  'kubernetes.docker.internal',
]);

/** Dialled for the host, and nothing else is. */
export const hostDialled: IpAddress = { family: 4, value: 0x7f00_0001n };

/** @param name canonical. */
export function isHostName(name: string): boolean {
  return hostNames.has(name);
}

/** What those names are here. */
export const hostAddresses: readonly IpAddress[] = [link.host].flatMap((text) => parseIpAddress(text) ?? []);

export function isHostAddress(address: IpAddress): boolean {
  return ipAddressText(address) === link.host;
}

/** What keeps somebody from a port of the loopback, whatever rules about destinations say. */
export interface LoopbackClosed {
  readonly setting: 'bulkhead.hostLoopback' | 'exposeDockerAPIOnTCP2375';
  readonly because: string;
}

/**
 * Undefined where nothing does. Threat: whoever reaches an engine's API without a password has the engine, and this one's setting says nothing of the other instances of the machine. So the
 * port engines have is nobody's.
 *
 * @param loopback what nobody has told is closed.
 */
export function loopbackClosed(loopback: HostLoopback | undefined, port: number): LoopbackClosed | undefined {
  if (loopback === 'engine-exposed')
    return {
      setting: 'exposeDockerAPIOnTCP2375',
      because: 'the engine is on that loopback as well, without a password',
    };
  if (loopback !== 'open')
    return { setting: 'bulkhead.hostLoopback', because: 'the setting does not open that loopback' };
  return port === tcpApiPort
    ? { setting: 'exposeDockerAPIOnTCP2375', because: 'the port is that of engines without a password' }
    : undefined;
}
