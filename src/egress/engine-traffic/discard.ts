import type { IncomingMessage } from 'node:http';

/** Bytes of an upload that was answered before its end. */
const most = 64 * 1024 * 1024;

/** Takes what is left of a request nobody wants: its client reads the answer only if what it sends is taken. Endless it is not. */
export function discard(request: IncomingMessage): void {
  if (request.complete) return;
  let left = most;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.socket.destroy();
  });
  request.resume();
}
