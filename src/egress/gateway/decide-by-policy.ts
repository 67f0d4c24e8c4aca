import { networkInterfaces } from 'node:os';
import { ipAddressText } from '../../common/ip-address.js';
import { contactOf, type Settings } from '../../policy/index.js';
import { link } from '../addresses.js';
import { connectPolicyOf } from '../connect-access/index.js';
import {
  askRegistry,
  ConnectDecider,
  type ConnectFacts,
  KnownRegistries,
  type Resolved,
} from '../connect-decider/index.js';
import { containersProxyOf, type Proxies, WayOut } from '../containers-proxy/index.js';
import { askNameServersWholly } from './ask-by-stream.js';
import type { NameServer } from './ask-name-server.js';
import { Clients } from './clients.js';
import type { Decider } from './decider.js';
import { machineAddresses } from './machine-addresses.js';
import { serveNames } from './serve-names.js';
import { resolveName } from './resolve-name.js';

export interface PolicyDecider extends Decider {
  readonly clients: Clients;
}

export interface PolicyDeciderOptions {
  readonly nameServers: () => readonly NameServer[];
  /** The host's own proxies. */
  readonly system: Proxies;
  readonly onRefusedName: NonNullable<ConnectFacts['onRefusedName']>;
  /** Milliseconds of a clock that is never put back. */
  readonly now?: () => number;
}

/** Decides by the organization's policy. */
export function decideByPolicy(
  settings: Settings,
  { nameServers, system, onRefusedName, now = () => performance.now() }: PolicyDeciderOptions,
): PolicyDecider {
  const ask = (question: Buffer, signal: AbortSignal): Promise<Buffer | undefined> =>
    askNameServersWholly(nameServers(), question, signal);
  const resolve = (name: string, signal: AbortSignal): Promise<Resolved> => resolveName(ask, name, signal);
  const way = wayOutOf(settings, system, resolve);
  const registries = new KnownRegistries(askRegistry, now);
  const clients = new Clients((who) => decider.forget(who));
  const policy = { ...connectPolicyOf(settings), isOwn: machineAddresses() };
  const decider = new ConnectDecider(policy, {
    whoIs: (address) => clients.whoIs(address),
    resolve,
    askNameServer: ask,
    isRegistry: (question) => registries.isRegistry(question),
    ...(way === undefined
      ? {}
      : {
          wayOut: (outbound) => way.decide(outbound),
          wayByName: (wanted) => way.goesByName(wanted),
        }),
    onRefusedName,
    now,
  });
  return {
    clients,
    async decide(wanted, signal) {
      const { from, to } = wanted;
      await clients.known(from.address, signal);
      if (link.way.some((address) => address === to.address)) {
        if (to.port !== 53) return { kind: 'refuse', reason: `${to.address} is of the link to the gateway` };
        // An answer that does not fit a datagram is asked for again on a connection, and decided there as well.
        return {
          kind: 'served',
          serve: (stream, until) =>
            void serveNames(stream, (question) => decider.answer({ from, question, byStream: true }, until)),
        };
      }
      return decider.decide(wanted, signal);
    },
    async answer(wanted, signal) {
      await clients.known(wanted.from.address, signal);
      return decider.answer(wanted, signal);
    },
  };
}

function wayOutOf(
  settings: Settings,
  system: Proxies,
  resolve: (name: string, signal: AbortSignal) => Promise<Resolved>,
): WayOut | undefined {
  if (settings.containersProxy === undefined) return undefined;
  return new WayOut(containersProxyOf(settings.containersProxy), {
    contact: contactOf(settings),
    system: () => system,
    ownAddress: ownAddress(),
    async resolve(name) {
      const { addresses } = await resolve(name, AbortSignal.timeout(patience));
      const found = addresses.find(({ family }) => family === 4);
      return found === undefined ? undefined : ipAddressText(found);
    },
  });
}

/** For a file's question for a name; milliseconds. */
const patience = 5000;

/** What `myIpAddress()` of a proxy auto-configuration file says: files ask it where the machine is. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
