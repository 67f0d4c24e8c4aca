import type { ErrorCode } from '../../common/errors/registry.js';
import type { ErrorParams } from '../../common/errors/bulkhead-error.js';
import type { IpAddress } from '../../common/ip-address.js';
import type { FirstBytes } from '../first-bytes/index.js';
import type { WholeRegistry } from '../image-access/whole-registries.js';
import type { AddressFamily } from './address-family.js';
import type { HostLoopback } from './host-loopback.js';
import type { RuleIndex } from './rule-index.js';
import type { Who } from './who.js';

/** What a policy says of connections. Absent parts restrict nothing. */
export interface ConnectPolicy {
  /** `bulkhead.networkAccess`. */
  readonly network?: RuleIndex;
  /** Whether rules about registries are in force, and name this one; without a port: some port of it. */
  readonly registries?: { readonly lists: (host: string, port?: number) => boolean };
  /** Where rules about images hold for containers and build steps: what they say of all of a registry. */
  readonly images?: { readonly of: (host: string, port: number) => WholeRegistry };
  /** Whether an address is one of the machine that dials. */
  readonly isOwn?: (address: IpAddress) => boolean;
  /** Closed where absent. */
  readonly hostLoopback?: HostLoopback;
  /** The addresses no name has, to whoever asks; absent: names have all of theirs. */
  readonly namesWithout?: AddressFamily | undefined;
  /** Whom a refusal tells its reader to ask. */
  readonly contact: string;
}

export interface Connection {
  readonly who: Who;
  readonly address: IpAddress;
  readonly port: number;
  /** Names that were resolved to this address for whoever asks (name-memory), the last first. */
  readonly names: readonly string[];
  /** Absent until there is any. */
  readonly first?: FirstBytes;
  /** Nothing more came of the client in the time it has. One that has said nothing yet may still wait for what the server says first, if that is what `look` let it dial. */
  readonly waited?: boolean;
  /** The answer to `resolve`: the addresses the gateway itself finds for the name that was asked for. */
  readonly resolved?: { readonly name: string; readonly addresses: readonly IpAddress[] };
  /** The answer to `ask-registry`; `unsaid`: it can't say so now. */
  readonly isRegistry?: boolean | 'unsaid';
}

/** What is dialled: of a name the addresses the gateway finds itself, never what a client says it has. */
export type Target =
  | { readonly kind: 'name'; readonly name: string; readonly port: number }
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
  /** The loopback of the host, which is asked for by an address of its own (`host-loopback.ts`). */
  | { readonly kind: 'host'; readonly port: number };

export interface Refusal {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
}

/** Why it is let through: the rule as it stands in the policy, or the setting that restricts nothing. */
export type Permission = { readonly kind: 'permit'; readonly target: Target; readonly because: string };

export type ConnectDecision =
  | Permission
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  /** Not before the client's first bytes. `dial`: what may be dialled meanwhile, with what the server says handed on, and nothing of what the client says. */
  | { readonly kind: 'look'; readonly dial?: Target }
  /** Not before the gateway has found the addresses of this name itself. */
  | { readonly kind: 'resolve'; readonly name: string }
  /** Not before it is known whether a registry answers there (`GET /v2/`), which the rules do not leave open. */
  | {
      readonly kind: 'ask-registry';
      readonly target: Target;
      readonly scheme: 'http' | 'https';
      /** To be asked under each of these; it is one where it answers so to any. */
      readonly hosts: readonly string[];
      readonly port: number;
    };
