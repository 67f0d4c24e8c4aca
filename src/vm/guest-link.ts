import type { AuditQuery } from '../common/audit-event.js';
import type { PublishedPort } from '../common/ports.js';
import type { AskAgent } from '../common/ssh-agent/index.js';
import type { LogQuery } from '../channel/index.js';
import type { PortBindingBehavior } from '../policy/index.js';
import type { Vm } from './backend.js';
import type { OpenClients } from './egress/index.js';
import type { Restricted } from './ports/index.js';

/** What the host holds to of what a guest asks of it, whatever the guest says. */
export interface GuestMayAsk {
  readonly portBinding: PortBindingBehavior;
  /** Absent where the guest is not to have the ssh agent. */
  readonly agent?: AskAgent | undefined;
  /** Absent where whatever the guest asks for gets out. */
  readonly restricted?: Restricted | undefined;
}

/** What the controller asks of the guest. The implementation keeps a channel session up and forwards `docker.sock`. */
export interface GuestLink {
  /** Resolves when the guest has answered for the first time; rejects with `BH_CHANNEL_VERSION`. */
  readonly connected: Promise<void>;
  /** From now on the guest is the one behind this port. Called once. */
  attach(
    vm: Pick<Vm, 'controlPort' | 'onControlPort' | 'addForward' | 'removeForward' | 'forwardsIPv6'>,
  ): void;
  /** Calls back at each session that begins, the first one too. */
  onSession(listener: () => void): void;
  /** Where the host listens for containers. */
  ports(): readonly PublishedPort[];
  status(signal: AbortSignal): Promise<unknown>;
  explain(question: unknown, signal: AbortSignal): Promise<unknown>;
  /** Question and answers as in `src/common/sign-in.ts`. */
  signIn(question: unknown, signal: AbortSignal): Promise<unknown>;
  signOut(signal: AbortSignal): Promise<unknown>;
  /** Change and answer as in `src/common/share-change.ts`. */
  changeShares(change: unknown, signal: AbortSignal): Promise<unknown>;
  /** Resolves when free space of the data disk was given back, with the guest's answer. */
  trim(signal: AbortSignal): Promise<unknown>;
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<string>;
  audit(query: AuditQuery, signal: AbortSignal): AsyncIterable<string>;
  /** Resolves when the guest accepted to stop. */
  powerOff(signal: AbortSignal): Promise<void>;
  /** By which the guest says who has which address in its engine. */
  readonly egressClients: OpenClients;
  /** Offers the relay of the guest's way out on a socket of the host: each connection is one to it. Ends with the link. */
  offerRelay(path: string): Promise<void>;
  /** Ends session and forwarding, removes the socket. */
  close(): Promise<void>;
}
