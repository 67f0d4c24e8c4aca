import type { Health } from '../../../common/health.js';

const gibibyte = 1024 ** 3;
const running = { state: 'running' as const, pid: 1, restarts: 0, lastExit: null };

/** Of a VM with nothing to warn of. */
export const exampleHealth: Health = {
  version: '0.1.0',
  mode: 'vm',
  uptimeSeconds: 60,
  engine: { ready: true },
  services: { containerd: running, dockerd: running },
  isolation: { rangesInUse: 3 },
  audit: { recorded: 5, suppressed: 0, lost: 0, lastError: null, openTelemetry: null },
  signIn: null,
  memory: { residentBytes: 100, totalBytes: 2 * gibibyte, availableBytes: 1.5 * gibibyte },
  dataDisk: { totalBytes: 64 * gibibyte, usedBytes: 4 * gibibyte, availableBytes: 57 * gibibyte },
  kernel: { release: '7', corePattern: '', modprobe: '', hostname: '', modules: '', modulesDisabled: '1' },
  rootFilesystem: { readonly: true, verity: true },
  policy: { imageKey: null, inForce: 'none' },
};
