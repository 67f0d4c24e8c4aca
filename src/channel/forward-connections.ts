import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../common/clock.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { Channel } from './channel.js';
import { joinDuplex } from './join-duplex.js';
import { listenPrivately } from './socket-listener.js';

export interface ForwardOptions {
  /** Of the unix socket; its directory exists. */
  readonly path: string;
  /** The channel that is up, now or once it is; the signal says that nobody waits any more. */
  readonly channel: (signal: AbortSignal) => Promise<Channel>;
  /** What each connection becomes; by default one to the engine. */
  readonly open?: (channel: Channel, signal: AbortSignal) => Promise<Duplex>;
  readonly clock: Clock;
  /** Milliseconds a connection may wait for a channel; default 30 000. */
  readonly waitMs?: number;
  /** Told why a connection could not be forwarded, or accepted; it has been closed. */
  readonly onError?: (error: unknown) => void;
}

export interface Forwarder {
  readonly path: string;
  /** Stops accepting, cuts the connections there are, and removes the socket. */
  close(): Promise<void>;
}

/**
 * Offers the engine, or what `open` says, on a unix socket of mode 0600: each connection becomes one stream, with half-close
 * and abort both ways. While no channel is up connections wait, up to `waitMs`, and are then closed.
 *
 * Throws BH_SOCKET_TAKEN or BH_SOCKET_PATH.
 */
export async function forwardConnections(options: ForwardOptions): Promise<Forwarder> {
  const { path, onError } = options;
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    connections.add(socket);
    socket.on('error', () => undefined).on('close', () => connections.delete(socket));
    forward(socket, options).catch((error: unknown) => {
      socket.destroy();
      onError?.(error);
    });
  });
  await listenPrivately(server, path);
  // A failed accept, for want of descriptors, concerns one connection and not the server.
  server.on('error', (error) => onError?.(error));
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

const openEngine = (channel: Channel, signal: AbortSignal): Promise<Duplex> => channel.openEngine(signal);

async function forward(socket: Socket, options: ForwardOptions): Promise<void> {
  const stream = await openFor(socket, options);
  const joined = joinDuplex(socket, stream);
  socket.resume();
  await joined;
}

async function openFor(
  socket: Socket,
  { channel, open = openEngine, clock, waitMs = 30_000 }: ForwardOptions,
): Promise<Duplex> {
  const given = new AbortController();
  const { signal } = given;
  const settled = new AbortController();
  const giveUp = (reason: Error): void => given.abort(reason);
  const gone = (): void => giveUp(new BulkheadError('BH_CHANNEL_ABORTED'));
  socket.on('error', giveUp).on('close', gone);
  clock.sleep(waitMs, settled.signal).then(
    () => giveUp(new BulkheadError('BH_CHANNEL_TIMEOUT', { ms: waitMs })),
    () => undefined,
  );
  try {
    return await raceSignal(
      channel(signal).then((channel) => open(channel, signal)),
      signal,
    );
  } finally {
    settled.abort();
    socket.off('error', giveUp).off('close', gone);
  }
}

/** The value, or the signal's reason; a stream that comes too late is aborted. */
function raceSignal(opening: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    opening.then((stream) => {
      if (signal.aborted) stream.destroy();
      else resolve(stream);
    }, reject);
  });
}
