import { z } from 'zod';

/** Characters; a path has at most 3,000 bytes. */
export const largestShareQuestion = 64 * 1024;

const path = z.string().min(1);

/** What `bulkhead share` asks of the controller of a VM that runs. */
export const controllerShareChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('add'), share: z.strictObject({ path, readOnly: z.boolean() }) }),
  /** `force`: whatever the guest says. */
  z.strictObject({ kind: z.literal('remove'), path, force: z.literal(true).optional() }),
]);

export type ControllerShareChange = z.infer<typeof controllerShareChangeSchema>;
