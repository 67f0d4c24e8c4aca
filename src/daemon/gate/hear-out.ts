import type { Socket } from 'node:net';

/** Milliseconds without a byte after which an engine that nobody listens to has nothing more to say. */
const quietMs = 30_000;

/**
 * Lets go of a connection to the engine: what it still answers is read and thrown away. Threat: an engine with an authorization plug-in
 * keeps all that it can't write (dockerd 28, `pkg/authorization/response.go`, `FlushAll`): a `docker save`, `export` or `cp` of a sparse
 * file of a terabyte that a client breaks off would take all memory of the VM. That nothing more comes from the client cancels what can
 * be cancelled, as a closed connection does.
 *
 * @param giveBack takes back the memory of what is thrown away.
 */
export function hearOut(engine: Socket, giveBack: (piece: Buffer) => void): void {
  const close = (): void => {
    engine.destroy();
  };
  if (engine.destroyed || engine.connecting || engine.readableEnded) return close();
  engine.once('end', close).setTimeout(quietMs, close).end();
  engine.on('data', giveBack).resume();
}
