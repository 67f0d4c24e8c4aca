import { writeSync } from 'node:fs';
import { uptime } from 'node:os';
import { codeOf } from '../../common/cause.js';

/** Phases the daemon reports; those before it come from the initramfs and PID 1. */
export type DaemonPhase = 'daemon' | 'policy-sealed' | 'containerd-ready' | 'engine-ready' | 'powering-off';

export interface PhaseSink {
  phase(phase: DaemonPhase): void;
  failure(failure: 'engine-failed' | 'policy-refused', detail: string): void;
}

/** Writes JSON lines to the inherited descriptor, synchronously: a phase must be out before the next thing can fail. */
export function openPhaseSink(fd: number, write: (fd: number, text: string) => void = writeSync): PhaseSink {
  const line = (value: object): void => {
    writeAll(fd, `${JSON.stringify(value)}\n`, write);
  };
  return {
    phase(phase) {
      line({ phase, uptimeMs: Math.round(uptime() * 1000) });
    },
    failure(failure, detail) {
      line({ failure, detail });
    },
  };
}

/** In the VM the descriptor is a port shared with PID 1 and does not block; a host that is slow to read frees it within milliseconds. */
const retryMs = 20;
const mostRetries = 100;

/** A phase that is lost would leave `bulkhead up` waiting, so a full port is waited for, synchronously like the write itself. */
function writeAll(fd: number, text: string, write: (fd: number, text: string) => void): void {
  for (let attempt = 0; ; attempt += 1) {
    try {
      write(fd, text);
      return;
    } catch (error) {
      const full = codeOf(error) === 'EAGAIN';
      if (!full || attempt === mostRetries) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
