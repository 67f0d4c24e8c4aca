import { randomInt } from 'node:crypto';
import type { Agent } from 'node:http';
import { ownPorts } from '../common/own-ports.js';

/** A port for a connection of bulkheadd's own, by which it is known (`common/own-ports.ts`). */
export const ownPort = (): number => randomInt(ownPorts.first, ownPorts.last + 1);

/** Connects from such ports, by HTTP or HTTPS. Loaded when it is needed, as what uses it. */
export async function ownAgent(protocol: string): Promise<Agent> {
  const module = protocol === 'http:' ? await import('node:http') : await import('node:https');
  const agent = new module.Agent({ keepAlive: true });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => connect({ ...options, localPort: ownPort() }, callback);
  return agent;
}
