import type { Settings } from '../../policy/index.js';
import { link } from '../addresses.js';
import { type AddressFamily, connectPolicyOf, type HostLoopback } from '../connect-access/index.js';
import {
  ConnectDecider,
  type ConnectFacts,
  FirstOf,
  KnownRegistries,
  QuestionThread,
} from '../connect-decider/index.js';
import type { Endpoint } from '../relay-wire.js';
import { Clients } from './clients.js';
import type { Decider } from './decider.js';
import { isDaemons } from './daemon-destinations.js';
import { endsAtGateway } from './ends-at-gateway.js';
import { machineAddresses } from './machine-addresses.js';
import { policyFacts, type World } from './policy-facts.js';
import { serveNames } from './serve-names.js';

export interface PolicyDecider extends Decider {
  readonly clients: Clients;
}

export interface PolicyDeciderOptions extends World {
  readonly hostLoopback: HostLoopback;
  /** The addresses names are without. */
  readonly namesWithout?: AddressFamily | undefined;
  readonly onName: NonNullable<ConnectFacts['onName']>;
  /** Takes the engine's own connections, by the relay's number, where each request on them is to be decided (`engine-thread.ts`). */
  readonly endEngine?: ((id: number, to: Endpoint) => void) | undefined;
  /** Milliseconds of a clock that is never put back. */
  readonly now?: () => number;
}

/** Decides by the organization's policy. */
export function decideByPolicy(
  settings: Settings,
  {
    hostLoopback,
    namesWithout,
    onName,
    endEngine,
    now = () => performance.now(),
    ...world
  }: PolicyDeciderOptions,
): PolicyDecider {
  const questions = new QuestionThread();
  const registries = new KnownRegistries((question, asker) => questions.ask(question, asker), now);
  const clients = new Clients((who) => decider.forget(who));
  const policy = { ...connectPolicyOf(settings, hostLoopback), isOwn: machineAddresses(), namesWithout };
  const ending = { contact: policy.contact, isDaemons: isDaemons(settings) };
  const decider = new ConnectDecider(policy, {
    whoIs: (address) => clients.whoIs(address),
    ...policyFacts(settings, world),
    isRegistry: (question, asker) => registries.isRegistry(question, asker),
    onName,
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
      if (endEngine === undefined || clients.whoIs(from.address)?.kind !== 'engine')
        return decider.decide(wanted, signal);
      const first = new FirstOf(wanted.peek);
      const ends = await endsAtGateway(ending, { from, to }, first, signal);
      if (ends === 'ends') return { kind: 'handed', take: (id) => endEngine(id, to) };
      return ends === 'goes-on' ? decider.decide(wanted, signal, first) : ends;
    },
    async answer(wanted, signal) {
      await clients.known(wanted.from.address, signal);
      return decider.answer(wanted, signal);
    },
  };
}
