import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../common/log.js';
import { type AskAgent, answerTo, framed, framedMessages } from '../../common/ssh-agent/index.js';
import type { AgentPlaces } from './places.js';

/** What containers may bind, as with Docker Desktop. PID 1 listens there and hands the descriptor on. */
export const agentSocket = '/run/host-services/ssh-auth.sock';

const uidBytes = 4;

export interface AgentServerOptions {
  readonly ask: AskAgent;
  readonly places: Pick<AgentPlaces, 'take'>;
  readonly log: Logger;
}

/**
 * An agent for containers, not listening yet: each request is judged, and put to the host's agent only when it is one of the two that are allowed. Not the agent's own socket: that
 * takes every request, and asks the kernel who connects (SO_PEERCRED), of which OpenSSH's answers its owner and root alone, not an id of a container's range.
 *
 * Connections come by agent-relay, each with the user id of whoever made it as its first message. One without a place is closed at once.
 */
export function createAgentServer(options: AgentServerOptions): Server {
  const server = createServer({ allowHalfOpen: true }, (client) => void serveClient(client, options));
  server.on('error', (error) => {
    options.log.error({ err: error }, 'no ssh agent for containers');
  });
  return server;
}

async function serveClient(client: Socket, { ask, places, log }: AgentServerOptions): Promise<void> {
  client.on('error', (error) => {
    log.debug({ err: error }, 'a connection to the ssh agent broke');
  });
  const closed = once(client, 'close').catch(() => undefined);
  let giveBack: (() => void) | undefined;
  try {
    const messages = framedMessages(client);
    const uid = (await messages.next()).value;
    if (uid?.length !== uidBytes) throw new Error('it is not said whose it is');
    giveBack = places.take(uid.readUInt32BE(0));
    if (giveBack === undefined)
      throw new Error('there are as many of this container, or of all, as there may be');
    for await (const request of messages) await written(client, framed(await answerTo(request, ask)));
    client.end();
  } catch (error) {
    log.debug({ err: error }, 'a connection to the ssh agent was closed');
    client.destroy();
  }
  await closed;
  giveBack?.();
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
