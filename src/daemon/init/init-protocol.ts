/** Services that PID 1 holds for the daemon. */
export const serviceNames = ['containerd', 'dockerd'] as const;
export type ServiceName = (typeof serviceNames)[number];

export type ExitStatus = { readonly kind: 'code' | 'signal'; readonly value: number };

/** What PID 1 says, one line each (docs/architecture.md, "PID 1 ↔ bulkheadd"). */
export type InitMessage =
  | { readonly kind: 'running'; readonly service: ServiceName; readonly pid: number }
  | {
      readonly kind: 'exited';
      readonly service: ServiceName;
      readonly pid: number;
      readonly status: ExitStatus;
    }
  | { readonly kind: 'stopped'; readonly service: ServiceName }
  /** The answer to `trim`. */
  | { readonly kind: 'trimmed'; readonly done: boolean }
  | { readonly kind: 'error'; readonly text: string };

/** Null for a line that is none of ours: PID 1 is trusted, so this means a version mismatch worth a log line. */
export function parseInitLine(line: string): InitMessage | null {
  const words = line.split(' ');
  if (words[0] === 'error') return { kind: 'error', text: words.slice(1).join(' ') };
  if (line === 'trimmed' || line === 'trim-failed') return { kind: 'trimmed', done: line === 'trimmed' };
  const service = serviceNames.find((name) => name === words[1]);
  if (service === undefined) return null;
  if (words[0] === 'stopped' && words.length === 2) return { kind: 'stopped', service };
  const pid = parseCount(words[2]);
  if (pid === null) return null;
  if (words[0] === 'running' && words.length === 3) return { kind: 'running', service, pid };
  const value = parseCount(words[4]);
  const how = words[3];
  if (words[0] !== 'exited' || words.length !== 5 || value === null) return null;
  if (how !== 'code' && how !== 'signal') return null;
  return { kind: 'exited', service, pid, status: { kind: how, value } };
}

function parseCount(word: string | undefined): number | null {
  return word !== undefined && /^\d{1,9}$/.test(word) ? Number(word) : null;
}

export type InitCommand =
  | { readonly kind: 'start'; readonly service: ServiceName }
  | { readonly kind: 'signal'; readonly service: ServiceName; readonly signal: number }
  /** Of a killed build: BuildKit's name of it, letters and digits. */
  | { readonly kind: 'unmount-step'; readonly step: string }
  | { readonly kind: 'list' }
  /** Begin to write what the data disk has in memory. */
  | { readonly kind: 'sync' }
  /** Give the free blocks of the data disk back to the host; answered by `trimmed` or an error. */
  | { readonly kind: 'trim' }
  | { readonly kind: 'power-off' };

export function formatInitCommand(command: InitCommand): string {
  switch (command.kind) {
    case 'start':
      return `start ${command.service}\n`;
    case 'signal':
      return `signal ${command.service} ${command.signal}\n`;
    case 'unmount-step':
      return `unmount-step ${command.step}\n`;
    case 'list':
      return 'list\n';
    case 'sync':
      return 'sync\n';
    case 'trim':
      return 'trim\n';
    case 'power-off':
      return 'power-off\n';
  }
}
