import { z } from 'zod';
import { uint32, uint64 } from './numbers.js';

/** config-linux.md "Seccomp". */

export const seccompActions = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const;

export const seccompOperators = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

const condition = z.strictObject({
  index: z.int().min(0).max(5),
  value: uint64,
  valueTwo: uint64.optional(),
  op: z.enum(seccompOperators),
});

const entry = z.strictObject({
  names: z.array(z.string()),
  action: z.enum(seccompActions),
  errnoRet: uint32.optional(),
  args: z.array(condition).optional(),
});

export const seccompSchema = z.strictObject({
  defaultAction: z.enum(seccompActions),
  defaultErrnoRet: uint32.optional(),
  architectures: z.array(z.string()).optional(),
  flags: z.array(z.string()).optional(),
  listenerPath: z.string().optional(),
  listenerMetadata: z.string().optional(),
  syscalls: z.array(entry).optional(),
});

export type Seccomp = z.infer<typeof seccompSchema>;
export type SeccompAction = (typeof seccompActions)[number];
export type SeccompOperator = (typeof seccompOperators)[number];
export type SeccompCondition = z.infer<typeof condition>;
export type SeccompEntry = z.infer<typeof entry>;
