import { z } from 'zod';

const id = z.string().regex(/^[0-9a-f]{64}$/);
/** As `ipAddressText` writes them. */
const addresses = z.array(z.union([z.ipv4(), z.ipv6()]));

/**
 * What bulkheadd says of who has which address in the engine's networks, by the stream the host has opened for it (`Channel.openEgress`), a JSON line each. Until
 * something is said of an address it is nobody's. Addresses of `--internal` networks are never said: from there nothing may get out.
 */
export const egressClientSchema = z.discriminatedUnion('kind', [
  /** Instead of what was said of this container before. */
  z.strictObject({
    kind: z.literal('container'),
    id,
    name: z.string(),
    /** Of the image it was made from: id, and the names that are believed. */
    image: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
    addresses,
  }),
  z.strictObject({ kind: z.literal('gone'), id }),
  /** Of the steps of builds, all of them. */
  z.strictObject({ kind: z.literal('builds'), addresses }),
  /** The engine does not say any more: what was said before counts for nothing. */
  z.strictObject({ kind: z.literal('nobody') }),
]);
export type EgressClient = z.infer<typeof egressClientSchema>;

/** UTF-16 units. A container whose labels make it longer is nobody. */
export const longestClientLine = 256 * 1024;
