import { connect, createServer, type Server } from 'node:net';
import type { Logger } from '../common/log.js';

/** What containers may bind, as with Docker Desktop. PID 1 listens there and hands the descriptor on. */
export const agentSocket = '/run/host-services/ssh-auth.sock';
/** The agent's own socket, mounted by the entry program where no container reaches. */
const hostAgent = '/run/bulkhead/ssh-agent';

/**
 * Passes connections of containers on to the host's ssh agent. Containers can't have the agent's own socket: it asks the kernel who
 * connects (SO_PEERCRED), and OpenSSH's answers its owner and root alone, not an id of a container's range.
 */
export function relaySshAgent(fd: number, log: Logger): Server {
  return createAgentRelay(hostAgent, log).listen({ fd });
}

/**
 * Of all containers together. Threat: one holds thousands, and the agent, which the person on the host uses as well, has no descriptor
 * left, nor has this process, through which all goes that is said to the engine.
 */
export const mostAgentConnections = 128;

/** The same, not listening yet. @param agentPath the agent's own socket. */
export function createAgentRelay(agentPath: string, log: Logger): Server {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const agent = connect({ path: agentPath, allowHalfOpen: true });
    client.pipe(agent).pipe(client);
    for (const [one, other] of [
      [client, agent],
      [agent, client],
    ] as const) {
      one.on('error', (error) => {
        log.debug({ err: error }, 'a connection to the ssh agent broke');
        other.destroy();
      });
      one.on('close', () => {
        other.destroy();
      });
    }
  });
  server.on('error', (error) => {
    log.error({ err: error }, 'no ssh agent for containers');
  });
  // One too many is closed at once.
  server.maxConnections = mostAgentConnections;
  return server;
}
