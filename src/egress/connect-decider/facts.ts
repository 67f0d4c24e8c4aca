import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { IpAddress } from '../../common/ip-address.js';
import type { Who } from '../connect-access/index.js';
import type { DecidedWay, Outbound } from '../containers-proxy/index.js';
import type { DialTarget, Hop } from '../upstream-proxy/index.js';

export interface Resolved {
  readonly addresses: readonly IpAddress[];
  /** Seconds. */
  readonly ttl: number;
}

export interface RegistryQuestion {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** To be connected to, in their order. */
  readonly addresses: readonly IpAddress[];
  /** Where the connection the question is about goes by a proxy, it does so as well. */
  readonly through?: { readonly hops: readonly Hop[]; readonly ask: DialTarget };
}

/** For whom something is asked, until that one has gone. */
export interface Asker {
  /** By which clients take turns (`clientKey`). */
  readonly client: string;
  readonly signal: AbortSignal;
}

/** Whether it is resolved, by the policy. */
export type NameDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly error: BulkheadError };

/** What the decider asks the world. Whatever one of them throws is a refusal. */
export interface ConnectFacts {
  /** Whose a source address is, by the networks of the engine; undefined where it is nobody's. The same object for the same client. */
  readonly whoIs: (address: string) => Who | undefined;
  /** The gateway's own resolver, both families. A name without an address is an empty list. What is kept and lacks the address that is wanted is asked for anew. */
  readonly resolve: (name: string, wanted?: IpAddress) => Promise<Resolved>;
  /** A question of ours for a name server of the host's, and its answer. */
  readonly askNameServer: (question: Buffer, signal: AbortSignal) => Promise<Buffer | undefined>;
  /** `unsaid`: it says that it can't answer now. */
  readonly isRegistry: (question: RegistryQuestion, asker: Asker) => Promise<boolean | 'unsaid'>;
  /** The way out (`containersProxy`); directly where absent. */
  readonly wayOut?: (outbound: Outbound) => Promise<DecidedWay>;
  /** Whether that hangs on what the client says first, as the name that is asked for. */
  readonly wayByName?: (wanted: Pick<Outbound, 'who' | 'port'>) => boolean;
  /** Told of each name somebody asks for. */
  readonly onName?: (who: Who, name: string, decided: NameDecision) => void;
  /** Milliseconds of a clock that is never put back. */
  readonly now: () => number;
}

/** A connection as the relay tells of it. */
export interface WantedConnection {
  readonly from: { readonly address: string };
  readonly to: { readonly address: string; readonly port: number };
  /** What the client sends first, as soon as it is more than so many bytes; `all`: more than this will never be shown. Rejects when the connection ends before. */
  readonly peek: (beyond: number) => Promise<{ readonly bytes: Buffer; readonly all: boolean }>;
}
