import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { RequestHead } from './http/request-head.js';

/**
 * Requests after which the engine may take the connection for bytes of another kind (it "hijacks" it): a terminal, gRPC, a
 * web socket. `.*`, because the engine's router takes slashes for part of a name, too.
 */
const takeovers: readonly { method: string; path: RegExp; protocol: string; without: boolean }[] = [
  { method: 'POST', path: /^\/containers\/.*\/attach$/, protocol: 'tcp', without: true },
  { method: 'POST', path: /^\/exec\/.*\/start$/, protocol: 'tcp', without: true },
  { method: 'GET', path: /^\/containers\/.*\/attach\/ws$/, protocol: 'websocket', without: false },
  { method: 'POST', path: /^\/session$/, protocol: 'h2c', without: false },
  { method: 'POST', path: /^\/grpc$/, protocol: 'h2c', without: false },
];

/** `upgrade` is what is to stand in the request; old clients have terminals without it. */
export interface Takeover {
  readonly upgrade: string | undefined;
}

/**
 * Whether the engine may answer a request by taking the connection over. To every other request an Upgrade is ignored, as
 * RFC 9110 section 7.8 allows, and not passed on.
 *
 * @param path without version.
 *
 * Throws `BH_GATE_HTTP` for a protocol the engine does not have there.
 */
export function takeoverOf({ method, upgrade }: RequestHead, path: string): Takeover | undefined {
  const found = takeovers.find((entry) => entry.method === method && entry.path.test(path));
  if (found === undefined) return undefined;
  if (upgrade === undefined) return found.without ? { upgrade } : undefined;
  if (upgrade === found.protocol) return { upgrade };
  throw new BulkheadError('BH_GATE_HTTP', {
    reason: `${path} is served with Upgrade: ${found.protocol} alone`,
  });
}
