import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type JoinEnd, type JoinHooks, joinDuplex } from './join-duplex.js';

/**
 * Joins an /engine stream with the engine's unix socket until both directions have ended. A socket that cannot
 * be connected aborts the stream. A unix socket has no reset: the engine sees an aborted stream as a closed
 * connection. `fromA` of the hooks sees what the client sends. Resolves when both are closed, never rejects.
 */
export function connectEngine(stream: Duplex, socketPath: string, hooks: JoinHooks = {}): Promise<JoinEnd> {
  return joinDuplex(stream, connect({ path: socketPath, allowHalfOpen: true }), hooks);
}
