import type { Duplex } from 'node:stream';
import type { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Caller } from '../../gate/caller.js';
import type { EngineJson } from '../../gate/engine-json.js';
import type { RequestHead } from '../../gate/http/request-head.js';
import type { ContainerIds } from '../../gate/joined-network.js';
import type { Operation } from '../../gate/operations.js';
import type { GatePolicy } from '../../gate/policy.js';
import type { RequestBody } from '../../gate/request-body.js';
import type { Takeover } from '../../gate/takeover.js';
import type { BodyBudget } from './body-budget.js';
import type { ByteSource } from './byte-source.js';

/** One side of the gate: what is read from it is read through the source alone. */
export interface Peer {
  readonly stream: Duplex;
  readonly source: ByteSource;
}

/** One request and the answer to it. */
export interface Exchange {
  /** Unique for as long as the audit log lives. The engine gets it as a header and hands it on when it asks about the request. */
  readonly id: string;
  readonly caller: Caller;
  readonly request: RequestHead;
  /** Of the request, without version. */
  readonly path: string;
  /** What it asks the engine to do. */
  readonly operation: Operation;
  readonly takeover: Takeover | undefined;
}

/** A request, as far as it was read. */
export interface RequestReading {
  readonly id: string;
  readonly request?: RequestHead;
}

/** Is told of every request by its id; must not throw. */
export interface RequestWitness {
  newId(): string;
  /** It was read, before it is judged; then one of the others comes. */
  read(exchange: Exchange): void;
  /** Its body was read, before it is judged. */
  body(exchange: Exchange, body: EngineJson): void;
  /** Before the engine sees it. */
  passed(id: string): void;
  /** Before the client sees the answer. */
  answered(id: string, status: number): void;
  /** The client or the engine went, after an answer or before there was one. */
  over(id: string): void;
  refused(reading: RequestReading, caller: Caller, error: BulkheadError): void;
}

/** Is shown the content of an answer's body, piece by piece, before the client is; must not throw, nor keep the pieces. */
export type BodyWatch = (content: readonly Buffer[]) => void;

/** What else is to happen around an exchange, which must not reject but for the first two, and what the gate asks the engine itself. */
export interface GateHooks {
  /** Whether the engine may see the request at all: what it is to go on as, where that is something else. Rejects with a refusal, which the client is told. */
  judge(exchange: Exchange): Promise<Exchange> | undefined;
  /** Whether the engine may see this JSON body, and in what form: it may be edited. Rejects likewise. */
  judgeBody(exchange: Exchange, body: RequestBody): Promise<void> | undefined;
  /** Before the engine sees the request, when it may. */
  before(exchange: Exchange): Promise<void> | undefined;
  /** Before the client sees the answer. */
  after(exchange: Exchange): Promise<void> | undefined;
  /** Who is to be shown the body of the answer; nobody of most. */
  watch(exchange: Exchange, status: number): BodyWatch | undefined;
  readonly containerId: ContainerIds;
  readonly policy: GatePolicy;
  /** Memory for the bodies that are read whole. */
  readonly bodies: BodyBudget;
  readonly witness: RequestWitness;
}
