import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  controlPreface,
  encodeToRelay,
  type FromRelay,
  RelayReader,
  streamPreface,
  type ToRelay,
} from '../relay-wire.js';

/** The connection on which relay and gateway talk. While there is none the relay lets nothing through. */
export interface RelayLink {
  send(message: ToRelay): void;
  /** @see openStream */
  stream(id: number, hold: boolean): Promise<Socket>;
  /** Resolves when it has ended, with the reason where there is one. */
  readonly ended: Promise<Error | undefined>;
  end(): void;
}

/**
 * Connects to the relay and calls `onMessage` for each of its messages; pings are answered here, in their turn, so that a gateway that is busy without end is
 * noticed as well. Rejects when the relay cannot be reached.
 */
export async function connectRelay(
  path: string,
  onMessage: (message: FromRelay) => void,
): Promise<RelayLink> {
  const socket = connect(path);
  let reason: Error | undefined;
  socket.on('error', (error) => {
    reason = error;
  });
  await once(socket, 'connect');
  const reader = new RelayReader();
  const queue = new CorkedWriter(socket);
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.read(chunk)) {
        if (message.kind === 'ping') queue.write({ kind: 'pong', number: message.number });
        else onMessage(message);
      }
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  const ended = new Promise<Error | undefined>((resolve) => socket.once('close', () => resolve(reason)));
  socket.write(controlPreface);
  return {
    send: (message) => queue.write(message),
    stream: (id, hold) => openStream(path, id, hold),
    ended,
    end: () => socket.destroy(),
  };
}

/** A stream that becomes the other side of a connection of the relay's; `hold`: with nothing of the client's before it is released. */
export async function openStream(path: string, id: number, hold: boolean): Promise<Socket> {
  const stream = connect({ path, allowHalfOpen: true });
  await once(stream, 'connect');
  stream.write(streamPreface(id, hold));
  return stream;
}

/** Bytes. Threat: a relay in a VM that was taken over asks without end and does not read what it is told. */
const mostUnread = 16 << 20;

/** What is said in one turn of the event loop goes out in one write. */
class CorkedWriter {
  readonly #socket: Socket;
  #corked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(message: ToRelay): void {
    if (!this.#socket.writable) return;
    if (this.#socket.writableLength > mostUnread) {
      this.#socket.destroy(new Error('it does not read what it is told'));
      return;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(encodeToRelay(message));
  }
}
