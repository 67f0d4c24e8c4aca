import type { Socket } from 'node:net';
import { messageOf } from '../common/cause.js';
import type { Clock } from '../common/clock.js';
import { BulkheadError, isBulkheadError } from '../common/errors/bulkhead-error.js';
import type { Refusal } from '../isolation/plan.js';
import { Connection } from './connection.js';
import { decodeFacts } from './facts.js';
import { decodeHello } from './hello.js';
import type { IdAllocator } from './id-allocator.js';
import type { Holder } from './lease.js';
import { encodePlan, encodeRefusal } from './plan-wire.js';
import type { ContainerRequest, Planner, RuntimeAuditEvent } from './planner.js';
import { encodeMessage } from './wire.js';

/** Milliseconds an ended session waits for its last bytes to be read. */
const lingering = 2000;

export interface SessionOptions {
  readonly planner: Planner;
  readonly allocator: IdAllocator;
  readonly clock: Clock;
  /** Called once the container's runtime root is known. */
  readonly onRuntimeRoot: (runtimeRoot: string) => void;
  /** Ends the session; its reason is what the front door is told. */
  readonly signal: AbortSignal;
}

export type SessionResult = Omit<RuntimeAuditEvent, 'milliseconds'>;

/** Serves one front door to the end. Never throws: every failure is a refusal, and a range without a plan goes back. */
export async function serveFrontDoor(socket: Socket, options: SessionOptions): Promise<SessionResult> {
  const connection = new Connection(socket, options.signal);
  let request: ContainerRequest | undefined;
  const named = () => ({
    command: request?.command ?? '',
    runtimeRoot: request?.runtimeRoot ?? '',
    containerId: request?.containerId ?? '',
  });
  try {
    request = decodeHello(await connection.receive());
    options.onRuntimeRoot(request.runtimeRoot);
    const outcome = await answer(connection, request, options);
    return { ...named(), ...outcome };
  } catch (error) {
    const failure = asRuntimeError(error);
    // Not through the connection, which may be past its deadline: what can still be told is told.
    if (socket.writable) socket.write(encodeRefusal(failure.code, failure.message));
    return { ...named(), outcome: 'failed', code: failure.code, message: failure.message };
  } finally {
    socket.end();
    // One that reads no more would keep its connection for ever.
    socket.setTimeout(lingering, () => socket.destroy());
  }
}

type Outcome = Pick<SessionResult, 'outcome' | 'code' | 'rule' | 'message' | 'ids' | 'planMilliseconds'>;

async function answer(
  connection: Connection,
  request: ContainerRequest,
  options: SessionOptions,
): Promise<Outcome> {
  const { clock } = options;
  const asked = clock.now();
  const begun = await raced(options.planner.begin(request, options.signal), options.signal);
  if (begun.kind === 'refusal') return await refuse(connection, begun.refusal);
  const question = encodeMessage(['open', ...begun.paths.map((path) => inBundle(request, path))]);
  const beginning = clock.now() - asked;
  await connection.send(question);
  const answered = await connection.receive();
  const resumed = clock.now();
  const facts = decodeFacts(answered, begun.paths);
  const holder: Holder = {
    runtimeRoot: request.runtimeRoot,
    containerId: request.containerId,
    pid: request.creator.pid,
    pidStartTime: request.creator.startTime,
  };
  const ids = await options.allocator.acquire(begun.idCount, holder);
  const held = { base: ids.base, sent: false };
  try {
    const decision = begun.decide(facts, ids);
    if (decision.kind === 'refusal') return await refuse(connection, decision.refusal);
    if (decision.plan.joined !== undefined) {
      // First the other's range, then back with the unused one: at no moment does the container hold none.
      options.allocator.share(decision.plan.ids.base, holder);
      options.allocator.abandon(ids.base, holder);
      held.base = decision.plan.ids.base;
    }
    const message = encodePlan(decision.plan);
    const planMilliseconds = beginning + clock.now() - resumed;
    // From the first byte on the front door may act on it, so the range is only given back by a sweep.
    held.sent = true;
    await connection.send(message);
    return { outcome: 'planned', ids: decision.plan.ids, planMilliseconds };
  } finally {
    if (!held.sent) options.allocator.abandon(held.base, holder);
  }
}

/** Relative paths start from the bundle (OCI runtime specification, config.md "Root" and "Mounts"). */
function inBundle({ bundle }: ContainerRequest, path: string): string {
  return path === '' || path.startsWith('/') ? path : `${bundle}/${path}`;
}

async function refuse(connection: Connection, refusal: Refusal): Promise<Outcome> {
  await connection.send(encodeRefusal(refusal.code, refusal.message));
  return { outcome: 'refused', code: refusal.code, rule: refusal.rule, message: refusal.message };
}

/** A planner that never answers must not outlive the session. */
async function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return await Promise.race([work, aborted]);
}

function asRuntimeError(error: unknown): BulkheadError {
  if (isBulkheadError(error)) return error;
  const reason = messageOf(error);
  return new BulkheadError('BH_RUNTIME_INTERNAL', { reason }, { cause: error });
}
