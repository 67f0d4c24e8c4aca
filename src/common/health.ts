import { z } from 'zod';
import { signInStateSchema } from './sign-in.js';

const exitSchema = z.object({ kind: z.enum(['code', 'signal']), value: z.number() });

const serviceSchema = z.object({
  state: z.enum(['unknown', 'running', 'waiting', 'stopped']),
  pid: z.number().nullable(),
  restarts: z.number(),
  lastExit: exitSchema.nullable(),
});

/**
 * Values of the VM's kernel that no container may change. Tests compare them before and after an attack, because a
 * refused write proves nothing unless the kernel kept its value.
 */
const kernelSchema = z.object({
  release: z.string(),
  corePattern: z.string(),
  modprobe: z.string(),
  hostname: z.string(),
  /** SHA-256 of the sorted names of the loaded modules. */
  modules: z.string(),
  /** `1` once no module can be loaded any more (kernel.modules_disabled). */
  modulesDisabled: z.string(),
});

/** The file system the daemon itself runs from, as measured when it was asked. */
const rootSchema = z.object({
  /** Creating a file in it fails with EROFS. */
  readonly: z.boolean(),
  /** dm-verity checks each block that is read; false in native mode. */
  verity: z.boolean(),
});

/** The audit log since bulkheadd started; it never stops a request, so what it could not hold is told here. */
const auditSchema = z.object({
  /** Lines made, those that were lost included. */
  recorded: z.number(),
  /** Decisions without a line of their own, because there were too many of the same kind. */
  suppressed: z.number(),
  /** Lines that could not be written, as on a full disk. */
  lost: z.number(),
  /** What the system said the last time. */
  lastError: z.string().nullable(),
  /** Null where the policy names no collector. */
  openTelemetry: z
    .object({
      /** Taken by the collector. */
      sent: z.number(),
      /** Given up, because it took none for too long. */
      dropped: z.number(),
      waiting: z.number(),
      /** Why the last attempt did not succeed; null when it did. */
      lastError: z.string().nullable(),
    })
    .nullable(),
});

/** Under which policy the engine serves, as decided where it counts: in the VM, before anything was served. */
export const policySchema = z.object({
  /** Id of the organization's key in the image, which then serves under no policy that is not signed with it; null: it takes any. */
  imageKey: z.string().nullable(),
  inForce: z.union([
    z.literal('none'),
    z.object({
      serial: z.number().nullable(),
      /** Of the file as it was given. */
      sha256: z.string(),
      /** Id of the key whose signature was verified; null where nobody's was. */
      signedBy: z.string().nullable(),
      /** From then on it is not taken any more at a start; an engine that runs goes on under it. */
      expires: z.string().nullable(),
    }),
  ]),
});

/** What `GET /status` of the control channel answers and `bulkhead status --json` passes on. */
export const healthSchema = z.object({
  version: z.string(),
  mode: z.enum(['vm', 'native']),
  uptimeSeconds: z.number(),
  engine: z.object({ ready: z.boolean() }),
  services: z.object({ containerd: serviceSchema, dockerd: serviceSchema }),
  isolation: z.object({ rangesInUse: z.number() }),
  audit: auditSchema,
  /** Null where the policy asks nobody to sign in. */
  signIn: signInStateSchema.nullable(),
  memory: z.object({
    /** Of bulkheadd. */
    residentBytes: z.number(),
    /** Of the kernel the engine runs on: all of it, and what programs could still have. Images from before it was told say nothing. */
    totalBytes: z.number().nullable().default(null),
    availableBytes: z.number().nullable().default(null),
  }),
  /** The file system that images, containers and volumes are on, as the engine sees it. */
  dataDisk: z
    .object({ totalBytes: z.number(), usedBytes: z.number(), availableBytes: z.number() })
    .nullable()
    .default(null),
  kernel: kernelSchema,
  rootFilesystem: rootSchema,
  policy: policySchema,
});

export type Health = z.infer<typeof healthSchema>;
export type PolicyStanding = z.infer<typeof policySchema>;
export type RootFacts = z.infer<typeof rootSchema>;
export type KernelFacts = z.infer<typeof kernelSchema>;

/** Throws a ZodError when the guest answered something else: the guest is not trusted. */
export function parseHealth(document: unknown): Health {
  return healthSchema.parse(document);
}
