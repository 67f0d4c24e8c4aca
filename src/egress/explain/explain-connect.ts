import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { includesPort } from '../../common/port-list.js';
import { effectiveSettings, type Settings } from '../../policy/index.js';
import {
  addressKind,
  connectPolicyOf,
  type ConnectPolicy,
  decideConnection,
  decideName,
  hostDialled,
  hostLoopbackOf,
  hostName,
  isHostAddress,
  isHostName,
  judge,
  judgeHost,
  type Permission,
  type Refusal,
  registryBarrier,
  type Who,
} from '../connect-access/index.js';
import { hostAndPort } from '../connect-access/refusals.js';
import {
  type ContainersProxy,
  containersProxyOf,
  decideWay,
  type DecidedWay,
  type Outbound,
  pacFailed,
  type Way,
  wayByPac,
} from '../containers-proxy/index.js';
import { PacFailure, type PacFinder } from '../pac/index.js';
import type { Hop } from '../upstream-proxy/index.js';

export interface ConnectQuestion {
  readonly who: Who;
  /** A canonical name, or an address as `ipAddressText` writes it. */
  readonly host: string;
  readonly port: number;
  /** That the name has; where it is absent, an address nothing is said about stands for it. */
  readonly address?: IpAddress;
}

/** What one rule says. */
export interface ExplainedConnectRule {
  readonly rule: 'network-access' | 'host-loopback' | 'registry-access' | 'image-access' | 'containers-proxy';
  readonly verdict: 'permitted' | 'refused' | 'unknown';
  /** What of the policy says so, or the refusal as it is told. */
  readonly why: string;
}

/** What becomes of a connection, without anybody being asked for it. */
export interface ExplainedConnect {
  readonly destination: string;
  readonly verdict: 'permitted' | 'refused' | 'unknown';
  readonly rules: readonly ExplainedConnectRule[];
  readonly notes: readonly string[];
}

/** By which rule a registry is refused, and how that is said where it is not known to be one. */
const barriers = {
  registries: ['registry-access', 'bulkhead.registryAccess does not list it'],
  images: ['image-access', 'bulkhead.imageAccess does not admit every image there may be'],
} as const;

/** Of those for documents (RFC 5737): in no rule but one for all addresses. */
const anyAddress: IpAddress = { family: 4, value: 0xc000_02ffn };

/** As the host is reached, where the way is not refused: no proxy out there has its loopback. */
const directly: DecidedWay = { kind: 'hops', hops: [{ kind: 'direct' }] };

/** @param run runs the file of a policy, where it has one in itself. */
export async function explainConnect(
  settings: Settings | undefined,
  question: ConnectQuestion,
  run: (file: string) => PacFinder,
): Promise<ExplainedConnect> {
  const policy = connectPolicyOf(settings, hostLoopbackOf(effectiveSettings(settings, {})));
  const { who, port } = question;
  const isHost = asksHost(question.host);
  const host = isHost ? hostName : question.host;
  const literal = parseIpAddress(host);
  const known = isHost ? hostDialled : (literal ?? question.address);
  const address = known ?? anyAddress;
  const outbound: Outbound = { who, address, port, ...(literal === undefined ? { name: host } : {}) };
  const access = isHost ? shown(judgeHost(policy, outbound)) : accessRule(policy, outbound);
  const rules = [access];
  const notes: string[] = [];
  if (isHost && isLeftToUsers(settings))
    notes.push(
      'Whether that loopback may be reached is left to the users, of whom nobody was asked (bulkhead.hostLoopback).',
    );
  if (known === undefined && policy.network !== undefined)
    notes.push(
      'Which address the name has was not asked, and a private one needs a rule of its own: name it with --address.',
    );
  const barrier = who.kind === 'engine' ? undefined : registryBarrier(policy, { who, address, port }, host);
  if (barrier !== undefined) {
    const { code } = barrier.refused.refusal;
    const [rule, why] = barriers[code === 'BH_NETWORK_IMAGES' ? 'images' : 'registries'];
    if (barrier.isKnown) rules.push(refused(rule, barrier.refused.refusal));
    else notes.push(`${why}: where a registry answers there, it is refused when it is connected to.`);
  }
  const given = settings?.containersProxy;
  if (given !== undefined && access.verdict === 'permitted') {
    const setting = containersProxyOf(given);
    const way = decideWay(setting, { exclude: [] }, outbound, policy.contact);
    const rule = await wayRule(setting, way, outbound, policy.contact, run);
    rules.push(isHost && rule.verdict === 'permitted' ? shownWay(directly) : rule);
  }
  const verdicts = new Set(rules.map(({ verdict }) => verdict));
  const verdict = verdicts.has('refused') ? 'refused' : verdicts.has('unknown') ? 'unknown' : 'permitted';
  const told = known === undefined ? rules.map(withoutAddress) : rules;
  return { destination: hostAndPort(host, port), verdict, rules: told, notes };
}

/** The address stands for any, and whoever reads it would look for it. */
function withoutAddress(rule: ExplainedConnectRule): ExplainedConnectRule {
  return { ...rule, why: rule.why.replaceAll(` (${ipAddressText(anyAddress)})`, '') };
}

function asksHost(host: string): boolean {
  const address = parseIpAddress(host);
  return address === undefined ? isHostName(host) : isHostAddress(address);
}

function isLeftToUsers(settings: Settings | undefined): boolean {
  return settings === undefined || settings.bulkhead?.hostLoopback?.locked === false;
}

function accessRule(policy: ConnectPolicy, outbound: Outbound): ExplainedConnectRule {
  const { who, address, name } = outbound;
  if (addressKind(address) === 'host') return shown(decideConnection(policy, { ...outbound, names: [] }));
  const resolved = name === undefined ? undefined : decideName(policy, who, name);
  const judged = judge(policy, outbound, name);
  return shown(judged.kind === 'permit' && resolved?.kind === 'refuse' ? resolved : judged);
}

function shown(
  decision: Permission | { readonly kind: string } | { readonly kind: 'refuse'; readonly refusal: Refusal },
): ExplainedConnectRule {
  if ('refusal' in decision) {
    const isLoopback = decision.refusal.code === 'BH_NETWORK_LOOPBACK';
    return refused(isLoopback ? 'host-loopback' : 'network-access', decision.refusal);
  }
  const why = 'because' in decision ? decision.because : '';
  return { rule: 'network-access', verdict: 'permitted', why };
}

function refused(rule: ExplainedConnectRule['rule'], { code, params }: Refusal): ExplainedConnectRule {
  return { rule, verdict: 'refused', why: new BulkheadError(code, params).message };
}

async function wayRule(
  { way: setting, ports }: ContainersProxy,
  way: Way,
  outbound: Outbound,
  contact: string,
  run: (file: string) => PacFinder,
): Promise<ExplainedConnectRule> {
  const isHeld = outbound.who.kind === 'engine' || includesPort(ports, outbound.port);
  const unknown = (why: string): ExplainedConnectRule => ({
    rule: 'containers-proxy',
    verdict: 'unknown',
    why,
  });
  if (way.kind !== 'ask-pac') {
    if (setting.kind === 'system' && isHeld)
      return unknown('containersProxy: as the host does, which was not asked');
    return shownWay(way);
  }
  if (setting.kind !== 'pac' || !('text' in setting))
    return unknown('containersProxy.pac: the file there decides, which was not fetched');
  try {
    return shownWay(wayByPac(await run(setting.text).find(way.url, way.host), outbound, contact));
  } catch (error) {
    if (!(error instanceof PacFailure)) throw error;
    return shownWay(pacFailed(error.message, outbound, contact));
  }
}

function shownWay(way: DecidedWay): ExplainedConnectRule {
  if (way.kind === 'refuse') return refused('containers-proxy', way.refusal);
  return {
    rule: 'containers-proxy',
    verdict: 'permitted',
    why: `containersProxy: ${way.hops.map(hopText).join(', else ')}`,
  };
}

function hopText(hop: Hop): string {
  if (hop.kind !== 'proxy') return hop.kind === 'direct' ? 'directly' : 'not at all';
  return `by ${hop.protocol}://${hostAndPort(hop.host, hop.port)}`;
}
