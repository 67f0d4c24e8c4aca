import type { ErrorDefinition, ExitCode } from './definition.js';
import { type ErrorCode, errorRegistry } from './registry.js';

export type ErrorParams = Readonly<Record<string, string | number>>;

/** Recognises our errors across module copies (the bundled daemon and the tests may each hold one). */
const brand = Symbol.for('bulkhead.error');

/** Whom a refusal tells its reader to ask where no policy says. */
export const unnamedContact = 'your administrator';

/** Of texts whose writer has no policy at hand. */
const defaults: ErrorParams = { contact: unnamedContact };

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

/** The same error, which names whom the policy says to ask, where its text names anybody. */
export function addressed(error: BulkheadError, contact: string): BulkheadError {
  const { code, params, cause } = error;
  return new BulkheadError(code, { contact, ...params }, { cause });
}

/** What happened, and what to do about it (with the setting that decides it), for those who show the two apart. */
export function partsOf({ code, params }: BulkheadError): {
  readonly message: string;
  readonly remedy: string;
} {
  const [message = '', ...rest] = describeParts(errorRegistry[code], params);
  return { message, remedy: rest.join(' ') };
}

function describe(definition: ErrorDefinition, params: ErrorParams): string {
  return describeParts(definition, params).join(' ');
}

function describeParts(definition: ErrorDefinition, params: ErrorParams): string[] {
  const parts = [fill(definition.message, params)];
  if (definition.setting !== undefined) parts.push(`Setting: ${fill(definition.setting, params)}.`);
  parts.push(fill(definition.remedy, params));
  return parts;
}

function fill(template: string, params: ErrorParams): string {
  return template.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    String(params[name] ?? defaults[name] ?? placeholder),
  );
}
