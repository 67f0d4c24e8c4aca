import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { EngineInternals } from './engine-internals.ts';

/** Settings of the machine that no container may change; one this kernel lacks is compared as absent. */
const settings = [
  '/proc/sys/kernel/core_pattern',
  '/proc/sys/kernel/modprobe',
  '/proc/sys/kernel/sysrq',
  '/proc/sys/kernel/hotplug',
  '/proc/sys/kernel/panic',
  '/proc/sys/kernel/panic_on_oops',
  '/proc/sys/kernel/keys/root_maxkeys',
  '/proc/sys/kernel/keys/root_maxbytes',
  '/proc/sys/kernel/hostname',
  '/proc/sys/kernel/domainname',
  '/proc/sys/kernel/pid_max',
  '/proc/sys/kernel/randomize_va_space',
  '/proc/sys/kernel/shmmax',
  '/proc/sys/vm/overcommit_memory',
  '/proc/sys/vm/panic_on_oom',
  '/proc/sys/vm/swappiness',
  '/proc/sys/vm/mmap_min_addr',
  '/proc/sys/fs/file-max',
  '/proc/sys/net/core/somaxconn',
  '/proc/sys/net/netfilter/nf_conntrack_max',
  '/proc/sys/user/max_user_namespaces',
  '/proc/swaps',
  '/sys/kernel/uevent_helper',
  '/sys/kernel/mm/ksm/run',
] as const;

/** Programs a container could try to overwrite through a process that runs them (CVE-2019-5736). */
const programs = [
  '/usr/sbin/runc',
  '/usr/lib/bulkhead/runc',
  '/usr/lib/bulkhead/init',
  '/usr/bin/containerd-shim-runc-v2',
  '/usr/bin/docker-init',
] as const;

/** Directories of the engine where an attack of these tests would leave something. */
const directories = ['/tmp', '/etc', '/run/bulkhead', '/run/bulkhead/engine', '/run/bulkhead/stage'] as const;

/**
 * What an attack from a container would change outside of it, read on the host and not told by the engine. Of the engine's mounts
 * those of single containers are left out: they come and go.
 */
export async function hostSentinels(engine: EngineInternals): Promise<Record<string, unknown>> {
  const mounts = (text(`/proc/${engine.init}/mountinfo`) ?? '')
    .split('\n')
    .map((line) => line.split(' ').slice(3, 6).join(' '))
    .filter(
      (mount) =>
        !/ \/(var\/lib\/docker\/(overlay2|rootfs|containers|tmp|buildkit)|run\/docker\/)/.test(mount),
    );
  return {
    settings: Object.fromEntries(settings.map((path) => [path, text(path)])),
    modules: text('/proc/modules')
      ?.split('\n')
      .map((line) => line.split(' ')[0]),
    binaryFormats: list('/proc/sys/fs/binfmt_misc'),
    year: new Date().getFullYear(),
    programs: programs.map((path) =>
      createHash('sha256')
        .update(readFileSync(engine.path(path)))
        .digest('hex'),
    ),
    directories: directories.map((path) => list(engine.path(path))),
    configuration: text(engine.path('/run/bulkhead/engine/dockerd.json')),
    passwords: text(engine.path('/etc/passwd')),
    mounts: [...new Set(mounts)].sort(),
    services: await Promise.all([
      engine.pidOf('dockerd'),
      engine.pidOf('containerd'),
      engine.pidOf('bulkheadd'),
    ]),
  };
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}
