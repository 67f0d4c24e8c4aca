import { createHash } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { freemem, release, totalmem, uptime } from 'node:os';
import type { Health, KernelFacts, PolicyStanding } from '../common/health.js';
import type { SignInState } from '../common/sign-in.js';
import type { ServiceName } from './init/init-protocol.js';
import { readRootFacts } from './root-facts.js';
import type { ServiceState } from './engine/supervisor.js';

const dataPath = '/var/lib/bulkhead-data';

export interface HealthSources {
  readonly version: string;
  readonly mode: 'vm' | 'native';
  readonly engineReady: () => boolean;
  readonly services: () => Record<ServiceName, ServiceState>;
  readonly rangesInUse: () => number;
  readonly audit: () => Health['audit'];
  readonly signIn: () => SignInState | null;
  readonly policy: PolicyStanding;
}

export async function readHealth(sources: HealthSources): Promise<Health> {
  return {
    version: sources.version,
    mode: sources.mode,
    uptimeSeconds: Math.round(uptime()),
    engine: { ready: sources.engineReady() },
    services: sources.services(),
    isolation: { rangesInUse: sources.rangesInUse() },
    audit: sources.audit(),
    signIn: sources.signIn(),
    // On Linux the second is MemAvailable of proc_meminfo(5), not MemFree.
    memory: {
      residentBytes: process.memoryUsage.rss(),
      totalBytes: totalmem(),
      availableBytes: freemem(),
    },
    dataDisk: await readDataDisk(),
    kernel: await readKernelFacts(),
    rootFilesystem: readRootFacts(),
    policy: sources.policy,
  };
}

/** Null where it is not mounted, which a health document must survive. */
async function readDataDisk(): Promise<Health['dataDisk']> {
  const found = await statfs(dataPath).catch(() => undefined);
  if (found === undefined) return null;
  // As df(1) has it: what is kept for root is neither used nor available.
  const { blocks, bfree, bavail, bsize } = found;
  return { totalBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize, availableBytes: bavail * bsize };
}

async function readKernelFacts(): Promise<KernelFacts> {
  const [corePattern, modprobe, hostname, modulesDisabled, modules] = await Promise.all([
    sysctl('kernel/core_pattern'),
    sysctl('kernel/modprobe'),
    sysctl('kernel/hostname'),
    sysctl('kernel/modules_disabled'),
    readFile('/proc/modules', 'utf8').catch(() => ''),
  ]);
  const names = modules.split('\n').map((line) => line.split(' ')[0] ?? '');
  return {
    release: release(),
    corePattern,
    modprobe,
    hostname,
    modulesDisabled,
    modules: createHash('sha256').update(names.sort().join('\n')).digest('hex'),
  };
}

/** Empty where the kernel lacks the setting (a kernel without modules has no modules_disabled). */
async function sysctl(name: string): Promise<string> {
  return (await readFile(`/proc/sys/${name}`, 'utf8').catch(() => '')).trim();
}
