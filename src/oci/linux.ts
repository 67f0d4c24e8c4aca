import { z } from 'zod';
import { deviceSchema } from './devices.js';
import { idMappingSchema, namespaceSchema } from './namespaces.js';
import { int64, uint32 } from './numbers.js';
import { resourcesSchema } from './resources.js';
import { seccompSchema } from './seccomp.js';

/** config-linux.md. */

const paths = z.array(z.string()).optional();

export const linuxSchema = z.strictObject({
  uidMappings: z.array(idMappingSchema).optional(),
  gidMappings: z.array(idMappingSchema).optional(),
  sysctl: z.record(z.string(), z.string()).optional(),
  resources: resourcesSchema.optional(),
  cgroupsPath: z.string().optional(),
  namespaces: z.array(namespaceSchema).optional(),
  devices: z.array(deviceSchema).optional(),
  netDevices: z.record(z.string(), z.strictObject({ name: z.string().optional() })).optional(),
  seccomp: seccompSchema.optional(),
  rootfsPropagation: z.string().optional(),
  maskedPaths: paths,
  readonlyPaths: paths,
  mountLabel: z.string().optional(),
  intelRdt: z
    .strictObject({
      closID: z.string().optional(),
      schemata: z.array(z.string()).optional(),
      l3CacheSchema: z.string().optional(),
      memBwSchema: z.string().optional(),
      enableMonitoring: z.boolean().optional(),
      enableCMT: z.boolean().optional(),
      enableMBM: z.boolean().optional(),
    })
    .optional(),
  memoryPolicy: z
    .strictObject({ mode: z.string(), nodes: z.string().optional(), flags: z.array(z.string()).optional() })
    .optional(),
  personality: z.strictObject({ domain: z.string(), flags: z.array(z.string()).optional() }).optional(),
  timeOffsets: z
    .record(z.string(), z.strictObject({ secs: int64.optional(), nanosecs: uint32.optional() }))
    .optional(),
});

export type Linux = z.infer<typeof linuxSchema>;
