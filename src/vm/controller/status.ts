import { z } from 'zod';
import { wireErrorSchema } from '../../common/errors/wire-error.js';
import { publishedPortSchema } from '../../common/ports.js';
import { stateNames } from '../lifecycle/state.js';
import { phaseNames } from '../phases.js';
import { guestFactsSchema } from './guest-facts.js';

/** What `bulkhead status --json` prints of a running controller. Fields are added, never renamed. */
export const statusSchema = z.object({
  name: z.string(),
  state: z.enum(stateNames),
  pid: z.int(),
  /** Process of the VM. */
  vmPid: z.int().nullable(),
  /** "QEMU 10.0.2" */
  backend: z.string().nullable(),
  accelerator: z.string().nullable(),
  note: z.string().nullable(),
  image: z.string(),
  rootHash: z.string().nullable(),
  dockerHost: z.string(),
  startedAt: z.iso.datetime(),
  /** When it came into its present state. (A controller that was started before an update does not say what was added later.) */
  stateSince: z.iso.datetime().nullable().default(null),
  /** Of the VM, as it was asked for. */
  memoryMiB: z.int().nullable().default(null),
  cpus: z.int().nullable().default(null),
  /** From the start of the controller, in milliseconds; null before the VM is ready. */
  readyAfterMs: z.number().nullable(),
  /** Each phase when the host learnt of it (ms since the controller started) and by the guest's own clock. */
  phases: z.array(
    z.object({ phase: z.enum(phaseNames), atMs: z.number(), guestUptimeMs: z.number().nullable() }),
  ),
  consoleLog: z.string(),
  dataDisk: z.string(),
  /** The VM's own, in CIDR form; null before it is chosen. */
  network: z.string().nullable().default(null),
  /** Where the host listens for containers. Null from a controller of before this was told. */
  ports: z.array(publishedPortSchema).nullable().default(null),
  /** Directories of this machine that containers may bind. */
  shares: z.array(z.object({ path: z.string(), readOnly: z.boolean() })).default([]),
  /** Whether containers may ask the ssh agent of this machine's user. */
  sshAgent: z.boolean().default(false),
  /** The policy the VM was booted with; null for none. What is in force, and by whose word, the guest says itself. */
  policy: z.object({ file: z.string(), sha256: z.string() }).nullable(),
  error: wireErrorSchema.nullable(),
  /** The guest's own health document; null when it does not answer, or, for who asks with a deadline, when it never did. */
  guest: z.unknown(),
  /** Of that, what makes sense, part by part. Null from a controller of before this was told. */
  facts: guestFactsSchema.nullable().default(null),
  /** When it said that; null where it did not. */
  guestAt: z.iso.datetime().nullable().default(null),
  /** Whether it answered this question: where it did not, `guest` is its last word. */
  guestAnswered: z.boolean().default(true),
});

export type ControllerStatus = z.infer<typeof statusSchema>;
