import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { ipAddressText } from '../../common/ip-address.js';
import type { Refusal, Target } from '../connect-access/index.js';
import type { DialTarget, Hop } from '../upstream-proxy/index.js';

/** Where a connection goes: the destination's addresses, tried one after the other, and what it was allowed as. */
interface Destination {
  readonly dial: readonly { readonly address: string; readonly port: number }[];
  readonly target: Target;
}

/** What is done with a connection at once. Kinds of their own, so that nobody takes one that goes by a proxy, or is held, for one that may be made. */
export type MadeConnection =
  | (Destination & { readonly kind: 'permit' })
  /** Along these ways, not directly; a proxy is asked for `ask`. */
  | (Destination & {
      readonly kind: 'through';
      readonly hops: readonly [Hop, ...Hop[]];
      readonly ask: DialTarget;
    });

export interface RefusedConnection {
  readonly kind: 'refuse';
  readonly reason: string;
  readonly error: BulkheadError;
}

export type ConnectVerdict =
  | MadeConnection
  | RefusedConnection
  /** The server may speak first, and is connected to at once: what it says is handed on, and nothing of the client's before `rest` says the same again. */
  | {
      readonly kind: 'held';
      readonly now: MadeConnection;
      readonly rest: () => Promise<MadeConnection | RefusedConnection>;
    };

export function refused({ code, params }: Refusal): RefusedConnection {
  const error = new BulkheadError(code, params);
  return { kind: 'refuse', reason: error.message, error };
}

/** What is made already cannot be led another way by what the client says then. */
export function sameWay(one: MadeConnection, other: MadeConnection): boolean {
  const hops = ({ kind, ...made }: MadeConnection): string =>
    JSON.stringify([kind, 'hops' in made ? made.hops : []]);
  return sameTarget(one.target, other.target) && hops(one) === hops(other);
}

function sameTarget(one: Target, other: Target): boolean {
  if (one.kind === 'host') return other.kind === 'host';
  if (one.kind === 'name') return other.kind === 'name' && one.name === other.name;
  return other.kind === 'address' && ipAddressText(one.address) === ipAddressText(other.address);
}
