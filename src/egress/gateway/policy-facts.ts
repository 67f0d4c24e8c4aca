import { networkInterfaces } from 'node:os';
import { ipAddressText } from '../../common/ip-address.js';
import { contactOf, type Settings } from '../../policy/index.js';
import type { ConnectFacts, Resolved } from '../connect-decider/index.js';
import { containersProxyOf, type Proxies, WayOut } from '../containers-proxy/index.js';
import { askNameServersWholly } from './ask-by-stream.js';
import type { NameServer } from './ask-name-server.js';
import { resolveName } from './resolve-name.js';

export interface World {
  readonly nameServers: () => readonly NameServer[];
  /** The host's own proxies. */
  readonly system: Proxies;
}

/** What of the world a policy is held against: which addresses a name has, and by which way something goes out. */
export type PolicyFacts = Pick<ConnectFacts, 'resolve' | 'askNameServer' | 'wayOut' | 'wayByName'>;

export function policyFacts(settings: Settings, { nameServers, system }: World): PolicyFacts {
  const askNameServer: ConnectFacts['askNameServer'] = (question, signal) =>
    askNameServersWholly(nameServers(), question, signal);
  const resolve = (name: string, signal: AbortSignal): Promise<Resolved> =>
    resolveName(askNameServer, name, signal);
  const way = wayOutOf(settings, system, resolve);
  return {
    askNameServer,
    resolve,
    ...(way === undefined
      ? {}
      : {
          wayOut: (outbound) => way.decide(outbound),
          wayByName: (wanted) => way.goesByName(wanted),
        }),
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
