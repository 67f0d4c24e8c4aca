import { readdir, readFile } from 'node:fs/promises';

export interface ResourceSample {
  readonly cycle: number;
  /** Resident memory, MiB; VmRSS of proc_pid_status(5). */
  readonly resident: number;
  readonly descriptors: number;
}

export async function sampleResources(pid: number, cycle: number): Promise<ResourceSample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  return { cycle, resident, descriptors: (await readdir(`/proc/${pid}/fd`)).length };
}

/** Growth of resident memory in KiB a cycle, by least squares; robust against the saw-tooth of a garbage collector. */
export function growth(samples: readonly ResourceSample[]): number {
  const mean = (pick: (sample: ResourceSample) => number): number =>
    samples.reduce((sum, sample) => sum + pick(sample), 0) / samples.length;
  const cycle = mean((sample) => sample.cycle);
  const resident = mean((sample) => sample.resident);
  const covariance = mean((sample) => (sample.cycle - cycle) * (sample.resident - resident));
  return (covariance / mean((sample) => (sample.cycle - cycle) ** 2)) * 1024;
}
