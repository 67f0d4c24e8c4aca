import { z } from 'zod';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type ErrorCode, errorRegistry } from '../../common/errors/registry.js';
import { stateNames } from '../lifecycle/state.js';
import { phaseNames } from '../phases.js';

const errorCode = z.custom<ErrorCode>(
  (value) => typeof value === 'string' && Object.hasOwn(errorRegistry, value),
);

/** A BulkheadError on its way between two processes: the text is made where it is read. */
export const wireErrorSchema = z.strictObject({
  code: errorCode,
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});

export type WireError = z.infer<typeof wireErrorSchema>;

/** One thing that happened while an instance starts or stops, as whoever waits for it is told. */
export const progressSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('state'),
    state: z.enum(stateNames),
    phase: z.enum(phaseNames).optional(),
    /** Milliseconds since the controller started. */
    atMs: z.number(),
    error: wireErrorSchema.optional(),
  }),
  /** One plain line a person should see. */
  z.strictObject({ kind: z.literal('note'), text: z.string() }),
]);

export type Progress = z.infer<typeof progressSchema>;

export function toWire(error: BulkheadError): WireError {
  return { code: error.code, params: { ...error.params } };
}

export function fromWire({ code, params }: WireError): BulkheadError {
  return new BulkheadError(code, params);
}
