import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../common/log.js';
import {
  type AskAgent,
  answerTo,
  framed,
  framedMessages,
  mostAgentRequests,
} from '../../common/ssh-agent/index.js';

/** What containers may bind, as with Docker Desktop. PID 1 listens there and hands the descriptor on. */
export const agentSocket = '/run/host-services/ssh-auth.sock';

/**
 * An agent for containers, not listening yet: each request is judged, and put to the host's agent only when it is one of the two that are allowed. Not the agent's own socket: that
 * takes every request, and asks the kernel who connects (SO_PEERCRED), of which OpenSSH's answers its owner and root alone, not an id of a container's range.
 */
export function createAgentServer(ask: AskAgent, log: Logger): Server {
  const server = createServer({ allowHalfOpen: true }, (client) => void serveClient(client, ask, log));
  server.on('error', (error) => {
    log.error({ err: error }, 'no ssh agent for containers');
  });
  // One too many is closed at once. Each has one request under way at most.
  server.maxConnections = mostAgentRequests;
  return server;
}

async function serveClient(client: Socket, ask: AskAgent, log: Logger): Promise<void> {
  client.on('error', (error) => {
    log.debug({ err: error }, 'a connection to the ssh agent broke');
  });
  try {
    for await (const request of framedMessages(client))
      await written(client, framed(await answerTo(request, ask)));
    client.end();
  } catch (error) {
    log.debug({ err: error }, 'a connection to the ssh agent made no sense');
    client.destroy();
  }
}

/** Resolves when it is on its way: who does not read gets no second answer. */
function written(client: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.write(bytes, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
