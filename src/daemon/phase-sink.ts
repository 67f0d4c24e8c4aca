import { writeSync } from 'node:fs';
import { uptime } from 'node:os';

/** Phases the daemon reports; those before it come from the initramfs and PID 1. */
export type DaemonPhase = 'daemon' | 'containerd-ready' | 'engine-ready' | 'powering-off';

export interface PhaseSink {
  phase(phase: DaemonPhase): void;
  failure(failure: 'engine-failed', detail: string): void;
}

/** Writes JSON lines to the inherited descriptor, synchronously: a phase must be out before the next thing can fail. */
export function openPhaseSink(fd: number, write: (fd: number, text: string) => void = writeSync): PhaseSink {
  const line = (value: object): void => {
    write(fd, `${JSON.stringify(value)}\n`);
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
