import { type HostName, hostText } from '../../common/authority.js';

/** Where a connection of the engine's leads, by what it has said: in TLS by its SNI, without by its Host. */
export interface Place {
  readonly scheme: 'http' | 'https';
  readonly host: HostName;
  readonly port: number;
}

const usual = { http: 80, https: 443 } as const;

/** The port that is not said. */
export function usualPort(scheme: Place['scheme']): number {
  return usual[scheme];
}

/** As it stands in a Host header. */
export function placeText({ scheme, host, port }: Place): string {
  return port === usual[scheme] ? hostText(host) : `${hostText(host)}:${port}`;
}

export function samePlace(one: Place, other: Place): boolean {
  return one.scheme === other.scheme && one.host.text === other.host.text && one.port === other.port;
}
