import { checkImageArchive } from '../../gate/image-archives.js';
import type { GatePolicy } from '../../gate/policy.js';
import type { Exchange } from './exchange.js';
import type { Judge } from './judges.js';

/** Refuses what a setting of Docker's Settings Management refuses, before a byte of a body has been read. */
export function createSettingsJudge(policy: GatePolicy): Judge {
  return ({ operation: { id }, request: { query, fields } }: Exchange) => {
    checkImageArchive({ id, query, fields }, policy);
    return undefined;
  };
}
