import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { execa } from 'execa';
import { answerTo, emptyAnswerTo, nameOf, questionAlone, typeOf } from './dns-message.ts';

/**
 * What containers can reach of the world, on this machine: addresses that are not of its loopback, though they are on the interface `lo`, and are nobody's
 * (RFC 2544, RFC 4193). Each process of tests has its own, because it takes them away when it is done.
 */
export const worldAddress = `198.${18 + ((process.pid >> 16) & 1)}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
export const worldAddress6 = `fd5b:6567:7265::${((process.pid % 0xffff) + 1).toString(16)}`;

export interface World extends AsyncDisposable {
  /** A server that says `hello ADDRESS` to whoever connects, the address it was connected to, and then sends back what it gets. */
  readonly port: number;
  /** How many have connected to it. */
  readonly connections: () => number;
  /** `ADDRESS:PORT` of a name server: every name is `worldAddress`; one whose first label is `both` is `worldAddress6` as well, all others have no address of IPv6. */
  readonly nameServer: string;
  /** The names it was asked for. */
  readonly asked: () => readonly string[];
}

/** @param namesPort of the name server; 0 for any. */
export async function startWorld(namesPort = 0): Promise<World> {
  await using undo = new AsyncDisposableStack();
  for (const address of [`${worldAddress}/32`, `${worldAddress6}/128`]) {
    await execa('/usr/sbin/ip', ['address', 'replace', address, 'dev', 'lo']);
    undo.defer(async () => void (await execa('/usr/sbin/ip', ['address', 'del', address, 'dev', 'lo'])));
  }
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.write(`hello ${socket.localAddress}\n`);
    socket.pipe(socket);
  });
  server.listen(0, '::');
  await once(server, 'listening');
  undo.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  const asked: string[] = [];
  const names = createSocket('udp4').on('message', (query, from) => {
    const [name, question, type] = [nameOf(query), questionAlone(query), typeOf(query)];
    asked.push(name);
    const address = type === 1 ? worldAddress : type === 28 && name === 'both' ? worldAddress6 : undefined;
    const answer = address === undefined ? emptyAnswerTo(question) : answerTo(question, address);
    names.send(answer, from.port, from.address);
  });
  names.bind(namesPort, worldAddress);
  await once(names, 'listening');
  undo.defer(() => void names.close());
  const all = undo.move();
  return {
    port: address.port,
    connections: () => connections,
    nameServer: `${worldAddress}:${names.address().port}`,
    asked: () => asked,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
