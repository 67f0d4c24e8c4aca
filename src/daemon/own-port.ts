import { randomInt } from 'node:crypto';
import type { Agent } from 'node:http';
import { codeOf } from '../common/cause.js';
import { ownPorts } from '../common/own-ports.js';

/** A port for a connection of bulkheadd's own, by which it is known (`common/own-ports.ts`). */
export const ownPort = (): number => randomInt(ownPorts.first, ownPorts.last + 1);

/** Of ports to connect from, one may be taken, or not be free again yet. */
const mostPorts = 8;
const notFree: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);

/** Connects from one port after the other, until one is free. */
export async function fromFreePort<Made>(
  portOf: () => number,
  connect: (port: number) => Promise<Made>,
): Promise<Made> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect(portOf());
    } catch (error) {
      if (attempt >= mostPorts || !notFree.has(codeOf(error))) throw error;
    }
  }
}

/** Connects from such ports, by HTTP or HTTPS. Loaded when it is needed, as what uses it. */
export async function ownAgent(protocol: string): Promise<Agent> {
  const module = protocol === 'http:' ? await import('node:http') : await import('node:https');
  const agent = new module.Agent({ keepAlive: true });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => connect({ ...options, localPort: ownPort() }, callback);
  return agent;
}
