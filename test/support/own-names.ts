import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { answerTo, emptyAnswerTo, questionAlone, typeOf, wholeNameOf } from './dns-message.ts';

/** A name server on this machine's loopback, as systemd-resolved is one: all there is has an address of either family, below one domain. */
export interface OwnNames extends AsyncDisposable {
  readonly address: string;
  readonly domain: string;
  /** Of everything below the domain. */
  readonly ipv4: string;
  readonly ipv6: string;
}

// What a container does to such an address of IPv4 stays in the container.
const known = { address: '127.0.0.153', domain: 'corp.test', ipv4: '127.9.9.9', ipv6: '2001:db8::9' };

export async function startOwnNames(): Promise<OwnNames> {
  const answers: Readonly<Record<number, string>> = { 1: known.ipv4, 28: known.ipv6 };
  const socket = createSocket('udp4').on('message', (query, from) => {
    const question = questionAlone(query);
    const address = answers[typeOf(query)];
    const isKnown = address !== undefined && wholeNameOf(query).endsWith(`.${known.domain}`);
    socket.send(isKnown ? answerTo(question, address) : emptyAnswerTo(question), from.port, from.address);
  });
  socket.bind(53, known.address);
  await once(socket, 'listening');
  return {
    ...known,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}
