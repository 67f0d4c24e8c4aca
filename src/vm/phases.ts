import { z } from 'zod';
import { printable } from '../common/printable.js';

/** Phases in the order a boot passes them; docs/architecture.md, "Phases". */
export const phaseNames = [
  'kernel',
  'root-verified',
  'init',
  'data-mounted',
  'services-started',
  'daemon',
  'policy-sealed',
  'containerd-ready',
  'engine-ready',
  'powering-off',
] as const;

export const guestFailureNames = [
  'verity-parameters-missing',
  'verity-failed',
  'root-not-verified',
  'data-disk-missing',
  'data-disk-corrupt',
  'document-missing',
  'module-failed',
  'share-failed',
  'engine-failed',
  'policy-refused',
] as const;

export type Phase = (typeof phaseNames)[number];
export type GuestFailureName = (typeof guestFailureNames)[number];

export interface GuestFailure {
  readonly failure: GuestFailureName;
  /** Words of the guest: printed, never interpreted. */
  readonly detail: string;
}

export type PhaseMessage =
  | { readonly kind: 'phase'; readonly phase: Phase; readonly uptimeMs: number | undefined }
  | { readonly kind: 'failure'; readonly failure: GuestFailure }
  | { readonly kind: 'unknown'; readonly line: string };

const phaseSchema = z.object({ phase: z.enum(phaseNames), uptimeMs: z.number().nonnegative().optional() });
const failureSchema = z.object({ failure: z.enum(guestFailureNames), detail: z.string().default('') });

/** The guest is not trusted: whatever is not understood becomes `unknown`, cut short and without control characters. */
export function parsePhaseLine(line: string): PhaseMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: 'unknown', line: printable(line) };
  }
  const phase = phaseSchema.safeParse(value);
  if (phase.success) return { kind: 'phase', phase: phase.data.phase, uptimeMs: phase.data.uptimeMs };
  const failure = failureSchema.safeParse(value);
  if (failure.success) {
    const { failure: name, detail } = failure.data;
    return { kind: 'failure', failure: { failure: name, detail: printable(detail) } };
  }
  return { kind: 'unknown', line: printable(line) };
}
