import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { RequestHead } from './http/request-head.js';
import type { Operation, OperationId } from './operations.js';

interface TakeoverRule {
  readonly protocol: string;
  /** Whether the engine does so without an Upgrade as well. */
  readonly without: boolean;
}

/**
 * Operations in which the engine may take the connection for bytes of another kind (it "hijacks" it): a terminal, gRPC, a
 * web socket.
 */
const takeovers: Partial<Record<OperationId, TakeoverRule>> = {
  ContainerAttach: { protocol: 'tcp', without: true },
  ExecStart: { protocol: 'tcp', without: true },
  ContainerAttachWebsocket: { protocol: 'websocket', without: false },
  Session: { protocol: 'h2c', without: false },
  Grpc: { protocol: 'h2c', without: false },
};

/** `upgrade` is what is to stand in the request; old clients have terminals without it. */
export interface Takeover {
  readonly upgrade: string | undefined;
}

/**
 * Whether the engine may answer a request by taking the connection over. To every other request an Upgrade is ignored, as
 * RFC 9110 section 7.8 allows, and not passed on.
 *
 * Throws `BH_GATE_HTTP` for a protocol the engine does not have there.
 */
export function takeoverOf(
  { path, upgrade }: Pick<RequestHead, 'path' | 'upgrade'>,
  { id }: Pick<Operation, 'id'>,
): Takeover | undefined {
  const rule = takeovers[id];
  if (rule === undefined) return undefined;
  if (upgrade === undefined) return rule.without ? { upgrade } : undefined;
  if (upgrade === rule.protocol) return { upgrade };
  throw new BulkheadError('BH_GATE_HTTP', {
    reason: `${path} is served with Upgrade: ${rule.protocol} alone`,
  });
}
