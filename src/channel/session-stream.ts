import { Duplex } from 'node:stream';
import { connectionWindow } from './http2-settings.js';

/** Bytes. The peer may have a full connection window on the way, and frames that flow control does not count. */
const mostBuffered = connectionWindow + (16 << 20);

/**
 * The host's view of a byte stream for the length of one session. Two things HTTP/2 needs and Node's does not
 * give when it reads the descriptor itself:
 *
 * - Node 24.21 stops reading while a write of its own is blocked. When both sides do that, each waits for the
 *   other to read, for ever; a few megabytes each way over a unix socket are enough. So this side takes from the
 *   stream whatever comes, and one side that always reads is enough for both. Flow control bounds what is held;
 *   a guest that sends more than its window is cut off.
 * - Destroying it detaches it and leaves the stream underneath open, for in VM mode that is the one connection
 *   to QEMU. What was read but not consumed is lost with it, as are bytes still on the way: the next session's
 *   nonce is what it skips them by.
 */
export class SessionStream extends Duplex {
  readonly #raw: Duplex;
  readonly #detach: () => void;
  #drained: (() => void) | undefined;

  constructor(raw: Duplex) {
    super({ writableHighWaterMark: 1 << 18, decodeStrings: true });
    this.#raw = raw;
    const onData = (chunk: Buffer): void => {
      this.push(chunk);
      if (this.readableLength > mostBuffered) this.destroy(new RangeError('the peer ignores flow control'));
    };
    const onDrain = (): void => {
      const drained = this.#drained;
      this.#drained = undefined;
      drained?.();
    };
    const onError = (error: Error): void => void this.destroy(error);
    // An end comes after the bytes before it: they may hold the answer of a guest that refuses our version.
    const onEnd = (): void => void this.push(null);
    const onClose = (): void => void (raw.readableEnded || this.destroy());
    this.#detach = () => {
      raw
        .off('data', onData)
        .off('drain', onDrain)
        .off('error', onError)
        .off('end', onEnd)
        .off('close', onClose);
      // Removing the listener does not stop the flow, and a flowing stream without one drops what arrives.
      raw.pause();
    };
    raw.on('drain', onDrain).on('error', onError).on('end', onEnd).on('close', onClose);
    raw.on('data', onData);
    raw.resume();
    if (raw.readableEnded) onEnd();
    else if (raw.destroyed) this.destroy();
  }

  override _read(): void {
    // The stream underneath flows by itself.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#whenDrained(this.#raw.write(chunk), callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this.#raw.cork();
    let room = true;
    for (const { chunk } of chunks) room = this.#raw.write(chunk);
    this.#raw.uncork();
    this.#whenDrained(room, callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#detach();
    this.#drained = undefined;
    callback(error);
  }

  #whenDrained(room: boolean, callback: () => void): void {
    if (room || !this.#raw.writableNeedDrain) callback();
    else this.#drained = callback;
  }
}
