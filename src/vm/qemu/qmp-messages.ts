import { z } from 'zod';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';

/** Messages of the QEMU Machine Protocol (docs/interop/qmp-spec in QEMU's source); only the fields we read. */
const greetingSchema = z.object({
  QMP: z.object({
    version: z.object({ qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }) }),
  }),
});
const eventSchema = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) });
const resultSchema = z.object({ return: z.unknown(), id: z.int() });
const errorSchema = z.object({
  error: z.object({ class: z.string(), desc: z.string() }),
  id: z.int().optional(),
});

export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type QmpMessage =
  | { readonly kind: 'greeting'; readonly version: string }
  | ({ readonly kind: 'event' } & QmpEvent)
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  /** Without an id when QEMU could not even parse what it was sent. */
  | { readonly kind: 'error'; readonly id: number | undefined; readonly description: string };

/** Parses one line. Throws `BH_QMP_PROTOCOL`. */
export function parseQmpMessage(line: string): QmpMessage {
  const value = parseJson(line);
  const event = eventSchema.safeParse(value);
  if (event.success) return { kind: 'event', ...event.data };
  const error = errorSchema.safeParse(value);
  if (error.success) {
    const { class: name, desc } = error.data.error;
    return { kind: 'error', id: error.data.id, description: `${name}: ${desc}` };
  }
  const result = resultSchema.safeParse(value);
  if (result.success) return { kind: 'result', id: result.data.id, value: result.data.return };
  const greeting = greetingSchema.safeParse(value);
  if (greeting.success) {
    const { major, minor, micro } = greeting.data.QMP.version.qemu;
    return { kind: 'greeting', version: `${major}.${minor}.${micro}` };
  }
  throw new BulkheadError('BH_QMP_PROTOCOL', { reason: `unknown message ${line.slice(0, 200)}` });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new BulkheadError('BH_QMP_PROTOCOL', { reason: `not JSON: ${line.slice(0, 200)}` }, { cause });
  }
}
