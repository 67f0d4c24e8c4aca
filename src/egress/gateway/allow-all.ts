import { link } from '../addresses.js';
import {
  type AddressFamily,
  hostDialled,
  type HostLoopback,
  loopbackClosed,
} from '../connect-access/index.js';
import { answerHost, answerLeftOut } from '../connect-decider/index.js';
import { ipAddressText } from '../../common/ip-address.js';
import { readQuestion } from '../name-memory/index.js';
import { askNameServers, type NameServer } from './ask-name-server.js';
import type { Decider, Verdict } from './decider.js';
import { unreachable } from './own-addresses.js';

export interface AllowAllOptions {
  readonly nameServers: () => readonly NameServer[];
  readonly hostLoopback: HostLoopback;
  /** The addresses names are without; those that are asked for on a connection have them all the same. */
  readonly namesWithout?: AddressFamily | undefined;
}

const why: Readonly<Record<NonNullable<ReturnType<typeof unreachable>>, string>> = {
  loopback: 'it is of the loopback of this machine, which has another address here',
  link: 'it is of the link to the gateway',
  'not-of-the-world': 'it is an address of one machine or one link alone',
};

/** Without a policy: everything but what is this machine's own. */
export function allowAll({ nameServers, hostLoopback, namesWithout }: AllowAllOptions): Decider {
  return {
    decide({ to }): Verdict {
      // An answer that was cut short is asked for again by TCP, at the same address.
      if (link.way.some((address) => address === to.address) && to.port === 53)
        return { kind: 'permit', dial: nameServers() };
      if (to.address === link.host) return toLoopback(hostLoopback, to.port);
      const reason = unreachable(to.address);
      return reason === undefined
        ? { kind: 'permit', dial: [to] }
        : { kind: 'refuse', reason: `${to.address} is not reached: ${why[reason]}` };
    },
    async answer({ question }, signal) {
      const asked = readQuestion(question);
      const own = asked === undefined ? undefined : (answerHost(asked) ?? answerLeftOut(asked, namesWithout));
      return own ?? askNameServers(nameServers(), question, signal);
    },
  };
}

function toLoopback(hostLoopback: HostLoopback, port: number): Verdict {
  const closed = loopbackClosed(hostLoopback, port);
  return closed === undefined
    ? { kind: 'permit', dial: [{ address: ipAddressText(hostDialled), port }] }
    : {
        kind: 'refuse',
        reason: `the loopback of this machine is not reached: ${closed.because} (${closed.setting})`,
      };
}
