import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { decideBody, isDecidedByBody } from './decide-request.js';
import { isolateRuntime } from './isolated-runtime.js';
import { type ContainerIds, joinById } from './joined-network.js';
import { dropLogBuffer } from './log-buffer.js';
import type { OperationId } from './operations.js';
import { bindLocally } from './port-bindings.js';
import { dropShimGrouping } from './own-shim.js';
import type { GatePolicy } from './policy.js';
import { RequestBody } from './request-body.js';
import { nameSocket } from './socket-mount/name-socket.js';

/** Bytes of a body that is read whole; what dockerd hands on to the second line of the gate, too. */
export const longestBody = 4 << 20;

/** Every operation served whose body dockerd reads as JSON (api/server/router, ReadJSON, DecodeConfig and NewDecoder). */
const jsonBodies: ReadonlySet<OperationId> = new Set([
  'CheckpointCreate',
  'ContainerCreate',
  'ContainerExec',
  'ContainerUpdate',
  'ExecStart',
  'ImageCommit',
  'NetworkConnect',
  'NetworkCreate',
  'NetworkDisconnect',
  'SystemAuth',
  'VolumeCreate',
  'VolumeUpdate',
]);

/** What the gate knows when it serves a body. */
export interface BodyContext {
  readonly policy: GatePolicy;
  readonly idOf: ContainerIds;
  /** Judges and edits the body further, after the gate's own edits and before the gate decides on what came of it. Rejects with a refusal. */
  readonly judge: (body: RequestBody) => Promise<void> | undefined;
}

type Edit = (body: RequestBody, context: BodyContext) => Promise<void> | void;

/** What is put right in a body rather than refused. */
const edits: Partial<Record<OperationId, readonly Edit[]>> = {
  ContainerCreate: [
    async (body, { idOf }) => joinById(body, idOf),
    dropLogBuffer,
    dropShimGrouping,
    bindLocally,
    (body, { policy }) => nameSocket(body, policy),
    isolateRuntime,
  ],
};

/**
 * How the body of an operation is decided on and written anew; `undefined` where it is passed on as content, because it is none that
 * dockerd reads as JSON. What is given rejects with a `BH_GATE_…` refusal.
 */
export function bodyRewriteOf(
  id: OperationId,
): ((body: Buffer, context: BodyContext) => Promise<Buffer>) | undefined {
  if (!jsonBodies.has(id)) return undefined;
  return async (bytes, context) => {
    // No body is one that decides nothing, to dockerd as well.
    if (bytes.length === 0 && !isDecidedByBody(id, context.policy)) return bytes;
    const body = new RequestBody(textOf(bytes));
    for (const edit of edits[id] ?? []) await edit(body, context);
    await context.judge(body);
    decideBody(id, body.folded, context.policy);
    return Buffer.from(body.written());
  };
}

/** Throws `BH_GATE_BODY`: what stands in for bytes that are no text differs from reader to reader. */
export function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new BulkheadError('BH_GATE_BODY', { reason: 'its body is not UTF-8' }, { cause });
  }
}
