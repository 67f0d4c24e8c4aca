import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { unreadable } from './http/head-reader.js';

/** The newest version of Docker's API whose endpoints and bodies the gate knows (`operation-table.ts`), major and minor. */
const newest: readonly [number, number] = [1, 51];
export const newestApiVersion = newest.join('.');

/** A version as clients write it. dockerd takes `1.051`, `1.51.0` and `1..51` for one as well. */
const plain = /^(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** Whether a version is beyond what the gate knows; undefined when it is not in the form clients write it. */
export function isBeyond(version: string): boolean | undefined {
  const [, major, minor] = plain.exec(version) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return Number(major) > newest[0] || (Number(major) === newest[0] && Number(minor) > newest[1]);
}

/**
 * The version at the head of a path, when there is one. Threat: a newer API may have fields the rules do not know, in bodies they let pass. An older
 * one than the engine serves is the engine's to refuse.
 *
 * @param path decoded.
 *
 * Throws `BH_GATE_API_VERSION`, worded as dockerd does, or `BH_GATE_HTTP`.
 */
export function checkApiVersion(path: string): void {
  const version = /^\/v([0-9.]+)\//.exec(path)?.[1];
  if (version === undefined) return;
  const beyond = isBeyond(version);
  if (beyond === undefined) throw unreadable('its version of the API is not in the plain form');
  if (beyond) throw new BulkheadError('BH_GATE_API_VERSION', { version, newest: newestApiVersion });
}
