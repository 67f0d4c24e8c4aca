import { ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { networkAccessSchema } from '../../policy/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import {
  type Connection,
  type ConnectDecision,
  type ConnectPolicy,
  decideConnection,
  RuleIndex,
  type Who,
} from './index.js';

export const contact = 'net@example.org';
export const box: Who = {
  kind: 'container',
  id: 'c'.repeat(64),
  name: 'web',
  image: ['docker.io/library/node:22'],
  labels: { team: 'web' },
};

export function policyOf(standard: 'allow' | 'deny', ...rules: readonly object[]): ConnectPolicy {
  return { network: new RuleIndex(networkAccessSchema.parse({ default: standard, rules })), contact };
}
export const allow = (to: string, more: object = {}) => ({ to, action: 'allow', ...more });
export const deny = (to: string, more: object = {}) => ({ to, action: 'deny', ...more });

const addressOf = (text: string) => {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
};

export type Asked = Partial<Omit<Connection, 'address' | 'resolved'>> & {
  readonly resolved?: readonly [string, ...string[]];
};

export function decide(
  policy: ConnectPolicy,
  address: string,
  { resolved, ...asked }: Asked = {},
): ConnectDecision {
  const [name = '', ...addresses] = resolved ?? [];
  return decideConnection(policy, {
    who: box,
    port: 443,
    names: [],
    ...asked,
    address: addressOf(address),
    ...(resolved === undefined ? {} : { resolved: { name, addresses: addresses.map(addressOf) } }),
  });
}

/** In one line: what is dialled, what is asked, or the code of the refusal. */
function said(decision: ConnectDecision): string {
  if (decision.kind === 'refuse') return decision.refusal.code;
  if (decision.kind === 'resolve') return `resolve ${decision.name}`;
  if (decision.kind === 'ask-registry')
    return `ask ${decision.scheme}://${decision.hosts.join()}:${decision.port}`;
  const target = decision.kind === 'look' ? decision.dial : decision.target;
  if (target === undefined) return 'look';
  if (target.kind === 'host') return `${decision.kind} host:${target.port}`;
  const host = target.kind === 'name' ? target.name : ipAddressText(target.address);
  return `${decision.kind} ${host}:${target.port}`;
}
export const outcome = (policy: ConnectPolicy, address: string, asked: Asked = {}): string =>
  said(decide(policy, address, asked));

export const tls = (serverName?: string, encrypted = false): FirstBytes => ({
  kind: 'tls',
  ...(serverName === undefined ? {} : { serverName }),
  alpn: [],
  encrypted,
});
export const http = (host?: string): FirstBytes => ({
  kind: 'http',
  method: 'GET',
  form: 'origin',
  ...(host === undefined ? {} : { authority: { host } }),
});
export const proxied = (host: string, port = 443): FirstBytes => ({
  kind: 'http',
  method: 'CONNECT',
  form: 'authority',
  authority: { host, port },
});
export const other: FirstBytes = { kind: 'other' };
