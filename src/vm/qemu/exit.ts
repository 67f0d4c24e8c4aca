import type { VmExit } from '../backend.js';
import { printable } from '../../common/printable.js';
import type { QmpEvent } from './qmp-messages.js';

/** What is known once the QEMU process is gone. */
export interface QemuEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly events: readonly QmpEvent[];
}

/** Those a process sends itself or has from the kernel for what it did (signal(7)); nobody ends a QEMU by them. SIGSYS is that of its seccomp filter. */
const crashSignals: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
]);

/**
 * Tells the ways a QEMU ends apart. Pure. The exit status is asked last: it is 0 after a power-off, a reset, a panic and
 * a SIGTERM alike (checked with QEMU 7.2 and 10.0); the reasons are those of `ShutdownCause` in qapi/run-state.json.
 */
export function classifyQemuEnd(end: QemuEnd): VmExit {
  if (end.signal !== null)
    return crashSignals.has(end.signal)
      ? { kind: 'crashed', signal: end.signal, stderr: lastWords(end.stderr) }
      : { kind: 'killed', signal: end.signal };
  const panic = end.events.find(({ event }) => event === 'GUEST_PANICKED');
  const shutdown = end.events.findLast(({ event }) => event === 'SHUTDOWN');
  const reason = shutdown?.data['reason'];
  if (panic !== undefined || reason === 'guest-panic')
    return { kind: 'guest-panic', detail: panicDetail(panic) };
  switch (reason) {
    case 'guest-shutdown':
      return { kind: 'guest-shutdown' };
    case 'guest-reset':
      return { kind: 'guest-reset' };
    case 'host-qmp-quit':
      return { kind: 'host-quit' };
    case 'host-signal':
      return { kind: 'killed', signal: 'a termination signal' };
    default:
      return { kind: 'exited', status: end.code ?? -1, stderr: lastWords(end.stderr) };
  }
}

function panicDetail(panic: QmpEvent | undefined): string {
  const action = panic?.data['action'];
  return typeof action === 'string' ? `reported by pvpanic, action ${action}` : 'reported by pvpanic';
}

/** The last lines QEMU wrote, without its warnings: those come at every start and explain nothing. */
export function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => !line.includes('warning:'));
  const words = (errors.length > 0 ? errors : lines).slice(-3).map(printable);
  return words.length > 0 ? words.join('; ') : 'it said nothing';
}
