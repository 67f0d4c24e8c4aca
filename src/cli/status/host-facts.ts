import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { freeBytes } from '../../common/free-bytes.js';

/** What the host itself knows of a VM: true also while the VM says nothing. Bytes. */
export interface HostFacts {
  /** Null where there is none. `taken` is what the sparse file takes on its disk, `free` what is left there. */
  readonly dataDisk: {
    readonly sizeBytes: number;
    readonly takenBytes: number;
    readonly freeBytes: number;
  } | null;
  /** Resident memory of the VM's process; null where the machine does not say. */
  readonly vmResidentBytes: number | null;
}

export async function readHostFacts(dataDisk: string, vmPid: number | null): Promise<HostFacts> {
  const [found, free, memory] = await Promise.all([
    stat(dataDisk).catch(() => undefined),
    freeBytes(dirname(dataDisk)).catch(() => 0),
    vmPid === null ? undefined : readFile(`/proc/${vmPid}/status`, 'utf8').catch(() => undefined),
  ]);
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(memory ?? '')?.[1];
  return {
    dataDisk:
      found === undefined
        ? null
        : {
            sizeBytes: found.size,
            // `st_blocks` counts 512 bytes, whatever the file system's own blocks are (stat(2)).
            takenBytes: found.blocks * 512,
            freeBytes: free,
          },
    vmResidentBytes: resident === undefined ? null : Number(resident) * 1024,
  };
}
