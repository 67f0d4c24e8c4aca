import type { Server } from 'node:net';
import { isIPv6 } from 'node:net';
import { reasonOf } from '../../common/errors/rule-of.js';
import { systemExec } from '../../common/exec.js';
import { AdmittedContents, loopbackRules } from '../../egress/index.js';
import { PullWatch } from '../../egress/engine-traffic/pull-watch.js';
import { engineDecision } from '../../egress/gateway/connection-decision.js';
import { machineAddresses } from '../../egress/gateway/machine-addresses.js';
import { openTcp } from '../../egress/upstream-proxy/open-tcp.js';
import type { Settings } from '../../policy/index.js';
import type { AuditLog } from '../audit/audit-log.js';
import { logged } from '../audit/subject.js';
import { askNat, restoreRules } from '../firewall.js';
import type { ImageRules } from '../images/index.js';
import { fromFreePort, ownPort } from '../own-port.js';
import { closingRules, isEntered, type ListeningPorts } from './closing-rules.js';
import { type ReadOptions, readAsked } from './read-asked.js';
import type { OwnReach } from './reach-own.js';
import { refuseAsked } from './refuse-asked.js';

export interface OwnLoopbackOptions {
  readonly settings: Pick<Settings, 'bulkhead'>;
  /** The rules of these settings; learns what was pulled from there, by builds as well. */
  readonly images: Pick<ImageRules, 'rules' | 'remember'>;
  readonly audit: Pick<AuditLog, 'record'>;
}

/**
 * Holds what the engine asks itself for to the rules, before it serves anybody. Threat: it reaches its own loopback without the gateway, so what a build asks a published port of a container for
 * nobody would decide. Where this can't be made nothing may be served.
 *
 * @param addresses that of the loopback in each family there is.
 */
export async function keepOwnLoopback(
  { settings, images, audit }: OwnLoopbackOptions,
  addresses: readonly string[],
  exec = systemExec,
): Promise<void> {
  const places = loopbackRules(settings.bulkhead ?? {});
  const ways = new Set([places.otherwise, ...places.places.map(({ way }) => way)]);
  if (ways.size === 1 && ways.has('open')) return;
  const held = {
    images,
    audit,
    // Of all addresses together: a client that asks for a tag at one asks for what is in it at another.
    known: new AdmittedContents(),
    pulled: new PullWatch(async (pulled) => Promise.resolve(images.remember(pulled))),
  };
  for (const address of addresses) {
    const family = isIPv6(address) ? 6 : 4;
    const ports: ListeningPorts = {
      ...(ways.has('closed') ? { closed: portOf(await refusing(address, held)) } : {}),
      ...(ways.has('read') ? { read: portOf(await reading(address, held, addresses)) } : {}),
    };
    const entered = (await askNat(exec, isEntered, family)) !== undefined;
    await restoreRules(exec, closingRules(family, places, { ports, entered }), family);
  }
}

type Held = Omit<OwnLoopbackOptions, 'settings'> & Pick<ReadOptions, 'known' | 'pulled'>;

async function refusing(address: string, { images: { rules }, audit }: Held): Promise<Server> {
  return refuseAsked({
    address,
    contact: rules.contact,
    onRefused(host, { code }) {
      const destination = logged(host);
      const who = { kind: 'engine' } as const;
      audit.record({ kind: 'connection', outcome: 'refused', who, destination, ...reasonOf(code) });
    },
  });
}

const open: OwnReach['open'] = async (address, port, signal) =>
  fromFreePort(ownPort, async (localPort) => openTcp(address, port, signal, { localPort }));

async function reading(
  address: string,
  { images, audit, known, pulled }: Held,
  addresses: readonly string[],
): Promise<Server> {
  const { rules } = images;
  const others = addresses.filter((each) => each !== address);
  return readAsked({
    address,
    reach: { loopback: [address, ...others], isOwn: machineAddresses(), open, contact: rules.contact },
    rules: () => rules,
    known,
    pulled,
    onDecision(decided) {
      const decision = engineDecision(decided);
      audit.record({ ...decision, destination: logged(decision.destination) });
    },
  });
}

function portOf(server: Server): number {
  const listening = server.address();
  if (listening === null || typeof listening === 'string') throw new Error('it has no port');
  return listening.port;
}
