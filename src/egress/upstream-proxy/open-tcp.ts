import { once } from 'node:events';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { messageOf } from '../../common/cause.js';

/**
 * Opens a connection of this machine's own. Rejects with the reason, and leaves nothing then; once it is open the signal does not end it.
 *
 * Threat: a destination that breaks off before anybody listens. That is told by the stream's end as well; without a listener it would be the end of the gateway, and of everybody's connections.
 */
export async function openTcp(
  host: string,
  port: number,
  signal: AbortSignal,
  options: Pick<TcpNetConnectOpts, 'allowHalfOpen' | 'autoSelectFamily' | 'localPort'> = {},
): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, ...options }).on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Opens the first of these that can be. Rejects with what was in the way of each. */
export async function openFirst<Where, Opened>(
  places: readonly Where[],
  open: (place: Where) => Promise<Opened>,
  signal: AbortSignal,
): Promise<Opened> {
  const failures: string[] = [];
  for (const place of places) {
    signal.throwIfAborted();
    try {
      return await open(place);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new Error(failures.length === 0 ? 'it has no address' : failures.join('; '));
}
