import { networkInterfaces } from 'node:os';
import { ipAddressText } from '../../common/ip-address.js';
import { contactOf, type Settings } from '../../policy/index.js';
import { hostAddresses, isHostName } from '../connect-access/index.js';
import type { ConnectFacts, Resolved } from '../connect-decider/index.js';
import { containersProxyOf, type Proxies, WayOut } from '../containers-proxy/index.js';
import { askNameServersWholly } from './ask-by-stream.js';
import type { NameServer } from './ask-name-server.js';
import { KeptNames } from './kept-names.js';
import { resolveName } from './resolve-name.js';

export interface World {
  readonly nameServers: () => readonly NameServer[];
  /** The host's own proxies. */
  readonly system: Proxies;
  /** By which the engine goes where no `containersProxy` says how; directly where absent. */
  readonly engineProxy?: Proxies;
}

/** What of the world a policy is held against: which addresses a name has, and by which way something goes out. */
export type PolicyFacts = Pick<ConnectFacts, 'resolve' | 'askNameServer' | 'wayOut' | 'wayByName'>;

/** What whoever asks here for a name of the host finds. */
const ofHost: Resolved = { addresses: hostAddresses, ttl: 0 };

/** For which addresses a name has; milliseconds. */
const longestMs = 10_000;

export function policyFacts(settings: Settings, { nameServers, system, engineProxy }: World): PolicyFacts {
  const askNameServer: ConnectFacts['askNameServer'] = (question, signal) =>
    askNameServersWholly(nameServers(), question, signal);
  const names = new KeptNames(
    (name) => resolveName(askNameServer, name, AbortSignal.timeout(longestMs)),
    () => performance.now(),
  );
  const resolve: ConnectFacts['resolve'] = (name, wanted) =>
    isHostName(name) ? Promise.resolve(ofHost) : names.resolve(name, wanted);
  const way = wayOutOf(settings, { system, engineProxy }, resolve);
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
  { system, engineProxy }: { readonly system: Proxies; readonly engineProxy: Proxies | undefined },
  resolve: ConnectFacts['resolve'],
): WayOut | undefined {
  const given = settings.containersProxy;
  if (given === undefined && engineProxy === undefined) return undefined;
  return new WayOut(given === undefined ? ofEngineAlone : containersProxyOf(given), {
    contact: contactOf(settings),
    system: () => (given === undefined ? (engineProxy ?? system) : system),
    ownAddress: ownAddress(),
    async resolve(name) {
      const { addresses } = await resolve(name);
      const found = addresses.find(({ family }) => family === 4);
      return found === undefined ? undefined : ipAddressText(found);
    },
  });
}

/** Where it has a proxy for what it asks, by that; containers go directly. */
const ofEngineAlone = { ports: [], way: { kind: 'system' } } as const;

/** What `myIpAddress()` of a proxy auto-configuration file says: files ask it where the machine is. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
