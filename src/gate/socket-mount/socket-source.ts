import { posix } from 'node:path';

/** Where clients of Docker look for its socket, and what they bind. In the engine's root an empty file that nothing listens on stands in for it. */
export const socketNames: readonly string[] = ['/run/docker.sock', '/var/run/docker.sock'];

/** Whether a bind source is one of the names of the Docker socket, `..` taken by name as dockerd does. */
export function isSocketName(source: string): boolean {
  return source.startsWith('/') && socketNames.includes(posix.normalize(source).replace(/(.)\/$/, '$1'));
}
