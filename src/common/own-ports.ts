/**
 * From which ports bulkheadd connects, and nobody else: the kernel gives out none of these by itself, dockerd asks for none, and containers have none of the engine's addresses. By them the firewall of the engine, and the
 * gateway, tell bulkheadd's connections from the engine's own.
 */
export const ownPorts = { first: 512, last: 1023 } as const;

export const isOwnPort = (port: number): boolean => port >= ownPorts.first && port <= ownPorts.last;
