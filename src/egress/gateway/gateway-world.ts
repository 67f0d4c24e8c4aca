import type { Duplex } from 'node:stream';
import type { Endpoint, ToRelay } from '../relay-wire.js';
import type { Through } from './decider.js';

/** What a gateway does with the world. */
export interface GatewayWorld {
  /** Connections there may be at once. Threat: a relay in a VM that was taken over opens them without end, and each costs this machine memory and descriptors. */
  readonly most: number;
  /** To the relay. */
  readonly send: (message: ToRelay) => void;
  /** A stream that becomes the other side of a connection of the relay's. */
  readonly stream: (id: number, hold: boolean) => Promise<Duplex>;
  readonly dialThrough: (through: Through, signal: AbortSignal) => Promise<Duplex>;
  /** Dials one of these. Absent where the relay does, which is where the world is; one in a VM has no world of its own. */
  readonly dial?: (places: readonly Endpoint[], signal: AbortSignal) => Promise<Duplex>;
}
