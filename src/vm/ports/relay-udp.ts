import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Places } from './places.js';
import type { Relay, RelayFrom } from './relay-tcp.js';

/** Of one port at once; the one that was silent longest gives way. Threat: each datagram may come from another address, and each is a descriptor. */
export const mostPeers = 256;
/** Milliseconds after which a peer that says nothing is forgotten: docker-proxy's own. */
const silentMs = 90_000;
/** Where QEMU listens for it. */
const inner = '127.0.0.1';

interface Peer {
  readonly socket: Socket;
  heard: number;
}

/** As `relayTcp`, for datagrams. */
export async function relayUdp({ address, port }: RelayFrom, to: number, places: Places): Promise<Relay> {
  const outer = createSocket({ type: 'udp6', ipv6Only: true });
  let isClosed = false;
  /** In the order in which they were heard. */
  const peers = new Map<string, Peer>();
  const forget = (name: string): void => {
    const peer = peers.get(name);
    if (peer === undefined) return;
    peers.delete(name);
    peer.socket.close();
    places.giveBack();
  };
  /** Undefined while the relays together have as many peers as they may. */
  const peerOf = (from: RemoteInfo): Peer | undefined => {
    const name = `${from.address} ${from.port}`;
    const known = peers.get(name);
    if (known === undefined) {
      if (peers.size >= mostPeers || places.areTaken) forget(peers.keys().next().value ?? '');
      if (!places.take()) return undefined;
    }
    const peer = known ?? { socket: createSocket('udp4'), heard: 0 };
    peers.delete(name);
    peers.set(name, peer);
    peer.heard = performance.now();
    if (known !== undefined) return peer;
    // Threat: any user of the host finds this socket, of whom the peer would have what it takes for an answer; and who is not on the host must not reach it at all.
    peer.socket.bind({ address: inner, exclusive: true });
    peer.socket.on('message', (answer, by) => {
      if (by.port !== to || by.address !== inner) return;
      peer.heard = performance.now();
      if (!isClosed) outer.send(answer, from.port, from.address);
    });
    // A datagram may be lost; nobody is told.
    peer.socket.on('error', () => undefined);
    return peer;
  };
  outer.bind({ address, port, exclusive: true });
  try {
    await once(outer, 'listening');
  } catch (error) {
    outer.close();
    throw error;
  }
  outer.on('error', () => undefined);
  outer.on('message', (message, from) => {
    // Threat: the kernel delivers datagrams from port 0, and Node throws where one is sent to it, which would be the end of the VM.
    if (from.port !== 0) peerOf(from)?.socket.send(message, to, inner);
  });
  const sweep = setInterval(() => {
    for (const [name, { heard }] of peers) if (performance.now() - heard > silentMs) forget(name);
  }, silentMs / 3).unref();
  return {
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(sweep);
      outer.close();
      for (const name of peers.keys()) forget(name);
    },
  };
}
