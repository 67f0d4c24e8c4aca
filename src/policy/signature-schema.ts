import { z } from 'zod';

/** A signature as it stands in a document. */
export const signatureSchema = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{16}$/, 'not the id of a key'),
  value: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, 'not an Ed25519 signature in base64'),
});
