import { connect } from 'node:net';

/**
 * Sends bytes as they are on a connection of their own and gives everything that comes back until the other side closes, or
 * has answered what was asked for.
 *
 * @param until ends the wait where the other side keeps the connection; matched against all that came.
 */
export async function talk(
  socketPath: string,
  pieces: readonly (string | Buffer)[],
  until?: RegExp,
): Promise<string> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  const over = Promise.withResolvers<void>();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (until?.test(text) === true) over.resolve();
  });
  socket.on('end', over.resolve);
  // A side that refuses may close before it has read everything; one that is not there has refused nothing.
  socket.on('error', (error) => {
    if (socket.bytesRead === 0) over.reject(error);
  });
  socket.on('close', over.resolve);
  for (const piece of pieces) socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
  await over.promise;
  socket.destroy();
  return text;
}
