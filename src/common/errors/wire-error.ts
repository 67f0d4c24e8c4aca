import { z } from 'zod';
import { printable } from '../printable.js';
import { BulkheadError } from './bulkhead-error.js';
import { type ErrorCode, errorRegistry } from './registry.js';

const errorCode = z.custom<ErrorCode>(
  (value) => typeof value === 'string' && Object.hasOwn(errorRegistry, value),
);

/** A BulkheadError on its way between two processes: the text is made where it is read. */
export const wireErrorSchema = z.strictObject({
  code: errorCode,
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});

export type WireError = z.infer<typeof wireErrorSchema>;

export function toWire(error: BulkheadError): WireError {
  return { code: error.code, params: { ...error.params } };
}

export function fromWire({ code, params }: WireError): BulkheadError {
  return new BulkheadError(code, params);
}

/** Of an error the guest tells: its words become part of a sentence on somebody's terminal. */
export function fromGuest({ code, params }: WireError): BulkheadError {
  const safe = Object.entries(params).map(
    ([name, value]) => [name, typeof value === 'string' ? printable(value) : value] as const,
  );
  return new BulkheadError(code, Object.fromEntries(safe));
}
