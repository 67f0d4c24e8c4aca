import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type ChannelHandlers, serveChannel } from '../channel/index.js';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';

export interface NativeListenerOptions {
  /** The directory shared with the host, mode 0700: who may not enter it cannot connect. */
  readonly hostDir: string;
  readonly handlers: ChannelHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}

/** In native mode there is no byte stream to multiplex: the daemon listens where the host can connect. */
export function listenNative({ hostDir, handlers, clock, log }: NativeListenerOptions): readonly Server[] {
  const engine = createServer({ allowHalfOpen: true }, (socket) => {
    handlers.engine(socket);
  });
  const control = createServer((socket: Socket) => {
    serveChannel(socket, handlers, { clock }).catch((error: unknown) => {
      log.warn({ err: error }, 'control session failed');
    });
  });
  listen(engine, join(hostDir, 'docker.sock'), log);
  listen(control, join(hostDir, 'control.sock'), log);
  return [engine, control];
}

function listen(server: Server, path: string, log: Logger): void {
  server.on('error', (error) => {
    log.error({ err: error, path }, 'listener failed');
  });
  /* Left by a daemon that was killed; only the daemon of this engine ever makes one here. */
  rmSync(path, { force: true });
  server.listen(path, () => {
    chmodSync(path, 0o600);
  });
}
