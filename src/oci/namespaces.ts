import { z } from 'zod';
import { uint32 } from './numbers.js';

/** config-linux.md "Namespaces" and "User namespace mappings". */

export const namespaceTypes = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const;

export const namespaceSchema = z.strictObject({
  type: z.enum(namespaceTypes),
  path: z.string().optional(),
});

export const idMappingSchema = z.strictObject({ containerID: uint32, hostID: uint32, size: uint32 });

export type NamespaceType = (typeof namespaceTypes)[number];
export type Namespace = z.infer<typeof namespaceSchema>;
export type IdMapping = z.infer<typeof idMappingSchema>;
