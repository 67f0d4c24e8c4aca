import { link } from '../addresses.js';
import { askNameServers, type NameServer } from './ask-name-server.js';
import type { Decider, Verdict } from './decider.js';
import { unreachable } from './own-addresses.js';

export interface AllowAllOptions {
  readonly nameServers: () => readonly NameServer[];
  /** `bulkhead.hostLoopback`: what listens on the host's loopback may be reached. */
  readonly hostLoopback: boolean;
}

const why: Readonly<Record<NonNullable<ReturnType<typeof unreachable>>, string>> = {
  loopback: 'it is of the loopback of this machine, which containers may not reach (bulkhead.hostLoopback)',
  link: 'it is of the link to the gateway',
  'not-of-the-world': 'it is an address of one machine or one link alone',
};

/** Without a policy: everything but what is this machine's own. */
export function allowAll({ nameServers, hostLoopback }: AllowAllOptions): Decider {
  return {
    decide({ to }): Verdict {
      // An answer that was cut short is asked for again by TCP, at the same address.
      if (link.way.some((address) => address === to.address) && to.port === 53)
        return { kind: 'permit', dial: nameServers() };
      const reason = unreachable(to.address, { hostLoopback });
      return reason === undefined
        ? { kind: 'permit', dial: [to] }
        : { kind: 'refuse', reason: `${to.address} is not reached: ${why[reason]}` };
    },
    answer: ({ question }, signal) => askNameServers(nameServers(), question, signal),
  };
}
