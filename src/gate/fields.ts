import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { EngineJson } from './engine-json.js';

/** The object at a folded key; empty when absent or null, as the engine takes both. */
export function objectAt(
  parent: ReadonlyMap<string, EngineJson>,
  key: string,
): ReadonlyMap<string, EngineJson> {
  const value = parent.get(key) ?? null;
  if (value === null) return new Map();
  if (value instanceof Map) return value;
  throw wrongType(key);
}

export function arrayAt(parent: ReadonlyMap<string, EngineJson>, key: string): readonly EngineJson[] {
  const value = parent.get(key) ?? null;
  if (value === null) return [];
  if (isArray(value)) return value;
  throw wrongType(key);
}

export function textAt(parent: ReadonlyMap<string, EngineJson>, key: string): string {
  const value = parent.get(key) ?? '';
  if (typeof value === 'string') return value;
  throw wrongType(key);
}

export function asObject(value: EngineJson, what: string): ReadonlyMap<string, EngineJson> {
  if (value instanceof Map) return value;
  throw wrongType(what);
}

function isArray(value: EngineJson): value is readonly EngineJson[] {
  return Array.isArray(value);
}

function wrongType(key: string): BulkheadError {
  return new BulkheadError('BH_GATE_BODY', { reason: `its field ${key} is of the wrong type` });
}
