import { connect, type Socket } from 'node:net';

/** As much as one read can give: a unix socket holds 208 KiB (net.core.wmem_default) for who reads it. */
const slabSize = 256 * 1024;

/** What one read gives of a stream that is worth a slab of its own; a line of a log is copied instead. */
const largeRead = 32 * 1024;

/** Slabs that wait for a connection; 2 MiB. */
const mostKept = 8;

/**
 * Memory into which connections read. Node allocates 64 KiB for each read and gives it to the garbage collector afterwards: a quarter
 * of the processor time of a `docker save`, measured, went to allocating, collecting and faulting these pages in again, and another one
 * to reading in pieces a quarter of what waits. Who has passed a piece on gives it back; a piece that nobody gives back is collected
 * like any other memory, so that forgetting it is never wrong.
 *
 * A connection through which little flows holds no slab: they all read into one, and what comes is copied. 500 followed logs are 500
 * such connections.
 */
export class ReadSlabs {
  readonly #free: Buffer[] = [];
  readonly #shared = Buffer.allocUnsafeSlow(2 * largeRead);

  /** A connection to a unix socket, half-open allowed, that reads into these slabs. Otherwise as any stream. */
  connect(path: string): Socket {
    let slab: Buffer | undefined;
    const socket: Socket = connect({
      path,
      allowHalfOpen: true,
      onread: {
        buffer: () => slab ?? this.#shared,
        callback: (length) => {
          const large = length >= largeRead;
          const piece = this.#piece(slab, length, large);
          slab = large ? this.#take() : undefined;
          return socket.push(piece);
        },
      },
    });
    return socket;
  }

  /**
   * Takes back the memory of a piece. No view of it may be used afterwards, by any stream either: a write has to be over. Anything that
   * is not the whole piece of a read is left alone.
   */
  giveBack(piece: Buffer): void {
    const { buffer, byteOffset } = piece;
    if (byteOffset === 0 && buffer.byteLength === slabSize) this.#keep(Buffer.from(buffer));
  }

  #piece(slab: Buffer | undefined, length: number, large: boolean): Buffer {
    if (slab === undefined) return Buffer.from(this.#shared.subarray(0, length));
    if (large) return slab.subarray(0, length);
    this.#keep(slab);
    return Buffer.from(slab.subarray(0, length));
  }

  #take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slabSize);
  }

  #keep(slab: Buffer): void {
    if (this.#free.length < mostKept) this.#free.push(slab);
  }
}
