import { z } from 'zod';
import type { AuditCaller, Decision } from '../../common/audit-event.js';
import { type BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { reasonOf } from '../../common/errors/rule-of.js';
import type { Caller } from '../../gate/caller.js';
import type { EngineJson } from '../../gate/engine-json.js';
import { enginePath, withoutVersion } from '../../gate/engine-path.js';
import type { RequestHead } from '../../gate/http/request-head.js';
import type { AuthorizationWitness, EngineAsks } from '../authorization-plugin.js';
import type { Exchange, RequestReading, RequestWitness } from '../gate/exchange.js';
import { developerCalled, logged, type Subject, subjectOf } from './subject.js';

/** A request between its head and the first byte of its answer. */
interface Pending {
  readonly exchange: Exchange;
  /** When it came: signing out meanwhile changes nothing about it. */
  readonly who: AuditCaller;
  subject: Subject;
  /** The engine was given it. */
  passed: boolean;
  /** Of the same rules, asked by dockerd. */
  refusal?: BulkheadError;
}

const createdSchema = z.looseObject({ Id: z.string() });
/** Requests that were left by their client, and about which dockerd may still ask. */
const mostLeft = 256;

/**
 * Makes one event of each request: of what the gate decided, of what dockerd asked about it (known by the request's id, which it hands on
 * with the headers), and of how it answered.
 */
export class RequestAudit implements RequestWitness, AuthorizationWitness {
  readonly #record: (decision: Decision) => void;
  readonly #signedIn: () => string | undefined;
  readonly #prefix: string;
  readonly #pending = new Map<string, Pending>();
  readonly #left = new Map<string, Pending>();
  #count = 0;

  /**
   * @param boot makes the ids of this run of bulkheadd its own.
   * @param signedIn the subject of whoever is signed in; undefined while nobody is.
   */
  constructor(
    boot: string,
    record: (decision: Decision) => void,
    signedIn: () => string | undefined = () => undefined,
  ) {
    this.#prefix = boot;
    this.#record = record;
    this.#signedIn = signedIn;
  }

  newId(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count}`;
  }

  read(exchange: Exchange): void {
    const subject = subjectOf(exchange.path, exchange.request.query);
    const who = this.#whoIs(exchange.caller);
    this.#pending.set(exchange.id, { exchange, who, subject, passed: false });
  }

  passed(id: string): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) pending.passed = true;
  }

  answered(id: string, status: number): void {
    this.#settle(id, status);
  }

  over(id: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#settle(id);
    if (pending.refusal !== undefined) return;
    this.#left.set(id, pending);
    const [oldest] = this.#left.keys();
    if (this.#left.size > mostLeft && oldest !== undefined) this.#left.delete(oldest);
  }

  refused({ id, request }: RequestReading, caller: Caller, error: BulkheadError): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#record({
      kind: 'request',
      outcome: 'refused',
      who: pending?.who ?? this.#whoIs(caller),
      request: id,
      ...(pending === undefined ? readingOf(request) : described(pending)),
      ...reasonOf(error.code),
      by: 'gate',
    });
  }

  body({ id, operation }: Exchange, body: EngineJson): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || operation.id !== 'ContainerCreate') return;
    const image = imageOf(body);
    if (image !== undefined) pending.subject = { ...pending.subject, image: logged(image) };
  }

  denied({ id, method, target }: EngineAsks, error: unknown): void {
    if (!isBulkheadError(error)) return;
    const pending = this.#pending.get(id ?? '');
    if (pending !== undefined) {
      pending.refusal = error;
      return;
    }
    const left = this.#left.get(id ?? '');
    const path = pathOf(target);
    this.#record({
      kind: 'request',
      outcome: 'refused',
      who: left === undefined ? { kind: 'bulkheadd' } : left.who,
      request: id ?? this.newId(),
      ...(left === undefined
        ? { method: logged(method), path: logged(path), ...subjectOf(path, undefined) }
        : described(left)),
      ...reasonOf(error.code),
      by: 'authorization',
    });
  }

  made(id: string, body: string): void {
    const pending = this.#pending.get(id);
    const parsed = createdSchema.safeParse(parsedJson(body));
    if (pending?.exchange.operation.id !== 'ContainerCreate' || !parsed.success) return;
    pending.subject = { ...pending.subject, container: logged(parsed.data.Id) };
  }

  #whoIs(caller: Caller): AuditCaller {
    if (caller.kind === 'container') return { kind: 'container', id: caller.id, image: logged(caller.image) };
    return developerCalled(this.#signedIn());
  }

  #settle(id: string, status?: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    const { refusal } = pending;
    this.#record({
      kind: 'request',
      outcome: refusal !== undefined ? 'refused' : pending.passed ? 'allowed' : 'failed',
      who: pending.who,
      request: id,
      ...described(pending),
      ...(refusal === undefined ? {} : { ...reasonOf(refusal.code), by: 'authorization' }),
      ...(status === undefined ? {} : { status }),
    });
  }
}

function described({ exchange, subject }: Pending) {
  return { operation: exchange.operation.id, ...readingOf(exchange.request), ...subject };
}

function readingOf(request: RequestHead | undefined) {
  if (request === undefined) return {};
  return { method: request.method, path: logged(withoutVersion(request.path)) };
}

function pathOf(target: string): string {
  try {
    return enginePath(target);
  } catch {
    return target.split('?', 1)[0] ?? '';
  }
}

/** As the engine reads it, whatever the letters of the key. */
function imageOf(body: EngineJson): string | undefined {
  const image: unknown = body instanceof Map ? body.get('image') : undefined;
  return typeof image === 'string' ? image : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
