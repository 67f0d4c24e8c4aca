import type { ErrorDefinition, ExitCode } from './definition.js';
import { type ErrorCode, errorRegistry } from './registry.js';

export type ErrorParams = Readonly<Record<string, string | number>>;

/** Recognises our errors across module copies (the bundled daemon and the tests may each hold one). */
const brand = Symbol.for('bulkhead.error');

/** Every failure a person may see. The text comes from the registry; the facts stay machine-readable in `params`. */
export class BulkheadError extends Error {
  readonly [brand] = true;
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(code: ErrorCode, params: ErrorParams = {}, options?: { cause?: unknown }) {
    super(describe(errorRegistry[code], params), options);
    this.name = 'BulkheadError';
    this.code = code;
    this.params = params;
  }

  get exitCode(): ExitCode {
    return errorRegistry[this.code].exitCode;
  }
}

export function isBulkheadError(value: unknown): value is BulkheadError {
  return value instanceof Error && brand in value;
}

function describe(definition: ErrorDefinition, params: ErrorParams): string {
  const parts = [fill(definition.message, params)];
  if (definition.setting !== undefined) parts.push(`Setting: ${fill(definition.setting, params)}.`);
  parts.push(fill(definition.remedy, params));
  return parts.join(' ');
}

function fill(template: string, params: ErrorParams): string {
  return template.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    String(params[name] ?? placeholder),
  );
}
