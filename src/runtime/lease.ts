import { z } from 'zod';

const holderSchema = z.strictObject({
  runtimeRoot: z.string().startsWith('/'),
  containerId: z.string().regex(/^[\w+.-]{1,255}$/),
  pid: z.int().positive(),
  pidStartTime: z.string().regex(/^\d{1,20}$/),
});

/** A container that uses a range. More than one when containers share a user namespace. */
export type Holder = z.infer<typeof holderSchema>;

const leaseSchema = z.strictObject({
  base: z.int().nonnegative(),
  size: z.int().positive(),
  holders: z.array(holderSchema).min(1),
});

/** A range of ids in use, as `/run/bulkhead/ids/<base>.json` holds it. */
export type Lease = z.infer<typeof leaseSchema>;

/** @returns undefined when the text is no lease (an older version's, or damaged). */
export function parseLease(text: string): Lease | undefined {
  try {
    return leaseSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const cursorSchema = z.strictObject({ next: z.int().nonnegative(), wrapped: z.boolean() });

/** @returns undefined when the text is no cursor. */
export function parseCursor(text: string): z.infer<typeof cursorSchema> | undefined {
  try {
    return cursorSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export function sameContainer(
  one: Pick<Holder, 'runtimeRoot' | 'containerId'>,
  other: Pick<Holder, 'runtimeRoot' | 'containerId'>,
): boolean {
  return one.runtimeRoot === other.runtimeRoot && one.containerId === other.containerId;
}
