import { z } from 'zod';
import { idMappingSchema } from './namespaces.js';

/** config.md "Mounts". A mount is a bind when its options say `bind` or `rbind`, whatever its type says (runc). */
export const mountSchema = z.strictObject({
  destination: z.string(),
  type: z.string().optional(),
  source: z.string().optional(),
  options: z.array(z.string()).optional(),
  uidMappings: z.array(idMappingSchema).optional(),
  gidMappings: z.array(idMappingSchema).optional(),
});

export type Mount = z.infer<typeof mountSchema>;
