import { z } from 'zod';
import { fromGuest, wireErrorSchema } from './errors/wire-error.js';

/** Bytes of JSON a change may have: two paths of 3,000 bytes, each byte of them escaped. */
export const largestShareChange = 64 * 1024;

/** Its own name, and that of the link it was given by. */
const paths = z.array(z.string().min(2).max(3064)).min(1).max(2);

/** `POST /shares`: a directory of the host comes to containers, by the device `share<device>`, or is taken away, while the VM runs. */
export const shareChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('add'),
    device: z.int().min(0).max(999_999),
    readOnly: z.boolean(),
    paths,
  }),
  /** `force`: the host takes it away whatever uses it. */
  z.strictObject({ kind: z.literal('remove'), paths, force: z.literal(true).optional() }),
]);

export type ShareChange = z.infer<typeof shareChangeSchema>;

export const shareChangedSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('done') }),
  z.strictObject({ kind: z.literal('error'), ...wireErrorSchema.shape }),
]);

export type ShareChanged = z.infer<typeof shareChangedSchema>;

/** Throws the error the daemon answered, or a ZodError when it answered something else: the guest is not trusted. */
export function checkShareChanged(document: unknown): void {
  const answer = shareChangedSchema.parse(document);
  if (answer.kind === 'error') throw fromGuest(answer);
}
