import { z } from 'zod';
import { deviceRuleSchema } from './devices.js';
import { int64, uint16, uint32, uint64 } from './numbers.js';

/** config-linux.md "Control groups". */

const memory = z.strictObject({
  limit: int64.optional(),
  reservation: int64.optional(),
  swap: int64.optional(),
  kernel: int64.optional(),
  kernelTCP: int64.optional(),
  swappiness: uint64.optional(),
  disableOOMKiller: z.boolean().optional(),
  useHierarchy: z.boolean().optional(),
  checkBeforeUpdate: z.boolean().optional(),
});

const cpu = z.strictObject({
  shares: uint64.optional(),
  quota: int64.optional(),
  burst: uint64.optional(),
  period: uint64.optional(),
  realtimeRuntime: int64.optional(),
  realtimePeriod: uint64.optional(),
  cpus: z.string().optional(),
  mems: z.string().optional(),
  idle: int64.optional(),
});

const throttleDevices = z.array(z.strictObject({ major: int64, minor: int64, rate: uint64 })).optional();

const blockIo = z.strictObject({
  weight: uint16.optional(),
  leafWeight: uint16.optional(),
  weightDevice: z
    .array(
      z.strictObject({
        major: int64,
        minor: int64,
        weight: uint16.optional(),
        leafWeight: uint16.optional(),
      }),
    )
    .optional(),
  throttleReadBpsDevice: throttleDevices,
  throttleWriteBpsDevice: throttleDevices,
  throttleReadIOPSDevice: throttleDevices,
  throttleWriteIOPSDevice: throttleDevices,
});

export const resourcesSchema = z.strictObject({
  devices: z.array(deviceRuleSchema).optional(),
  memory: memory.optional(),
  cpu: cpu.optional(),
  pids: z.strictObject({ limit: int64.optional() }).optional(),
  blockIO: blockIo.optional(),
  hugepageLimits: z.array(z.strictObject({ pageSize: z.string(), limit: uint64 })).optional(),
  network: z
    .strictObject({
      classID: uint32.optional(),
      priorities: z.array(z.strictObject({ name: z.string(), priority: uint32 })).optional(),
    })
    .optional(),
  rdma: z
    .record(z.string(), z.strictObject({ hcaHandles: uint32.optional(), hcaObjects: uint32.optional() }))
    .optional(),
  unified: z.record(z.string(), z.string()).optional(),
});

export type Resources = z.infer<typeof resourcesSchema>;
