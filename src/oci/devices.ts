import { z } from 'zod';
import { int64, uint32 } from './numbers.js';

/** config-linux.md "Devices" and "Allowed Device list". */

export const deviceSchema = z.strictObject({
  path: z.string(),
  type: z.string(),
  major: int64.optional(),
  minor: int64.optional(),
  fileMode: uint32.optional(),
  uid: uint32.optional(),
  gid: uint32.optional(),
});

export const deviceRuleSchema = z.strictObject({
  allow: z.boolean(),
  type: z.string().optional(),
  major: int64.optional(),
  minor: int64.optional(),
  access: z.string().optional(),
});

export type Device = z.infer<typeof deviceSchema>;
export type DeviceRule = z.infer<typeof deviceRuleSchema>;
