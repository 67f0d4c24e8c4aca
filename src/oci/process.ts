import { z } from 'zod';
import { int32, uint32, uint64 } from './numbers.js';

/** config.md "POSIX process": the container's first process. */

const capabilitySet = z.array(z.string()).optional();

const rlimit = z.strictObject({ type: z.string(), hard: uint64, soft: uint64 });

const scheduler = z.strictObject({
  policy: z.string(),
  nice: int32.optional(),
  priority: int32.optional(),
  flags: z.array(z.string()).optional(),
  runtime: uint64.optional(),
  deadline: uint64.optional(),
  period: uint64.optional(),
});

export const processSchema = z.strictObject({
  terminal: z.boolean().optional(),
  consoleSize: z.strictObject({ height: uint32, width: uint32 }).optional(),
  user: z.strictObject({
    uid: uint32,
    gid: uint32,
    umask: uint32.optional(),
    additionalGids: z.array(uint32).optional(),
  }),
  args: z.array(z.string()).optional(),
  env: z.array(z.string()).optional(),
  cwd: z.string(),
  capabilities: z
    .strictObject({
      bounding: capabilitySet,
      effective: capabilitySet,
      inheritable: capabilitySet,
      permitted: capabilitySet,
      ambient: capabilitySet,
    })
    .optional(),
  rlimits: z.array(rlimit).optional(),
  noNewPrivileges: z.boolean().optional(),
  apparmorProfile: z.string().optional(),
  oomScoreAdj: int32.optional(),
  scheduler: scheduler.optional(),
  selinuxLabel: z.string().optional(),
  ioPriority: z.strictObject({ class: z.string(), priority: int32 }).optional(),
  execCPUAffinity: z
    .strictObject({ initial: z.string().optional(), final: z.string().optional() })
    .optional(),
});

export type Process = z.infer<typeof processSchema>;
