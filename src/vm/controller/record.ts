import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { replaceAtOnce } from '../../common/durable-file.js';
import { wireErrorSchema } from '../../common/errors/wire-error.js';
import { stateNames } from '../lifecycle/state.js';

/** What a controller leaves on disk about itself, so that its sudden end is noticed and told with a cause. */
export const recordSchema = z.strictObject({
  pid: z.int().positive(),
  state: z.enum(stateNames),
  error: wireErrorSchema.optional(),
});

export type ControllerRecord = z.infer<typeof recordSchema>;

/** Synchronous: it is written between two events, and must be on disk before the next one can end the process. */
export function writeRecord(file: string, record: ControllerRecord): void {
  replaceAtOnce(file, JSON.stringify(record));
}

/** Undefined when there is none, or none that makes sense. */
export function readRecord(file: string): ControllerRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
