import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { answerTo, questionAlone } from './dns-message.ts';

/** Name servers at ports that are not theirs: whoever's datagrams get there is answered. */
export interface AnsweringDatagrams extends AsyncDisposable {
  readonly ports: readonly number[];
  /** How many have come. */
  readonly count: () => number;
}

/** @param ports of the address; 0 for any. */
export async function startDatagrams(address: string, ports: readonly number[]): Promise<AnsweringDatagrams> {
  await using undo = new AsyncDisposableStack();
  let count = 0;
  const open = async (port: number): Promise<Socket> => {
    const socket = createSocket('udp4').on('message', (query, from) => {
      count += 1;
      socket.send(answerTo(questionAlone(query), address), from.port, from.address);
    });
    undo.defer(() => void socket.close());
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  };
  const sockets = await Promise.all(ports.map(open));
  const all = undo.move();
  return {
    ports: sockets.map((socket) => socket.address().port),
    count: () => count,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
