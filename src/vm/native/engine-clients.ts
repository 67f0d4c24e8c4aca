import { once } from 'node:events';
import { connect } from 'node:net';
import { connectChannel } from '../../channel/index.js';
import { systemClock } from '../../common/system-clock.js';
import type { ClientStream, OpenClients } from '../egress/index.js';

/** By a session of its own with the bulkheadd of a native engine. */
export function clientsOfEngine(controlSocket: string): OpenClients {
  return async (signal): Promise<ClientStream> => {
    const socket = connect(controlSocket);
    try {
      await once(socket, 'connect', { signal });
      const channel = await connectChannel(socket, { clock: systemClock, signal });
      const stream = await channel.openEgress(signal);
      const release = async (): Promise<void> => {
        await channel.close();
        socket.destroy();
      };
      return { stream, [Symbol.asyncDispose]: release };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}
