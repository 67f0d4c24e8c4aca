import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Relay, RelayFrom } from './relay-tcp.js';

/** Of one port at once; the one that was silent longest gives way. Threat: each datagram may come from another address, and each is a descriptor. */
export const mostPeers = 256;
/** Milliseconds after which a peer that says nothing is forgotten: docker-proxy's own. */
const silentMs = 90_000;

interface Peer {
  readonly socket: Socket;
  heard: number;
}

/** As `relayTcp`, for datagrams. */
export async function relayUdp({ address, port }: RelayFrom, to: number): Promise<Relay> {
  const outer = createSocket({ type: 'udp6', ipv6Only: true });
  /** In the order in which they were heard. */
  const peers = new Map<string, Peer>();
  const forget = (name: string): void => {
    peers.get(name)?.socket.close();
    peers.delete(name);
  };
  const peerOf = (from: RemoteInfo): Peer => {
    const name = `${from.address} ${from.port}`;
    const known = peers.get(name);
    if (known === undefined && peers.size >= mostPeers) forget(peers.keys().next().value ?? '');
    const peer = known ?? { socket: createSocket('udp4'), heard: 0 };
    peers.delete(name);
    peers.set(name, peer);
    peer.heard = performance.now();
    if (known !== undefined) return peer;
    peer.socket.on('message', (answer) => {
      peer.heard = performance.now();
      outer.send(answer, from.port, from.address);
    });
    // A datagram may be lost; nobody is told.
    peer.socket.on('error', () => undefined);
    return peer;
  };
  outer.bind({ address, port, exclusive: true });
  await once(outer, 'listening');
  outer.on('error', () => undefined);
  outer.on('message', (message, from) => {
    peerOf(from).socket.send(message, to, '127.0.0.1');
  });
  const sweep = setInterval(() => {
    for (const [name, { heard }] of peers) if (performance.now() - heard > silentMs) forget(name);
  }, silentMs / 3).unref();
  return {
    close: () => {
      clearInterval(sweep);
      outer.close();
      for (const name of peers.keys()) forget(name);
    },
  };
}
