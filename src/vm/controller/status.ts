import { z } from 'zod';
import { wireErrorSchema } from '../../common/errors/wire-error.js';
import { stateNames } from '../lifecycle/state.js';
import { phaseNames } from '../phases.js';

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
  /** From the start of the controller, in milliseconds; null before the VM is ready. */
  readyAfterMs: z.number().nullable(),
  /** Each phase when the host learnt of it (ms since the controller started) and by the guest's own clock. */
  phases: z.array(
    z.object({ phase: z.enum(phaseNames), atMs: z.number(), guestUptimeMs: z.number().nullable() }),
  ),
  consoleLog: z.string(),
  dataDisk: z.string(),
  /** The policy the VM was booted with; null for none. What is in force, and by whose word, the guest says itself. */
  policy: z.object({ file: z.string(), sha256: z.string() }).nullable(),
  error: wireErrorSchema.nullable(),
  /** The guest's own health document; null when it does not answer. */
  guest: z.unknown(),
});

export type ControllerStatus = z.infer<typeof statusSchema>;
