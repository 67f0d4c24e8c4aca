import { readdir, readFile, readlink } from 'node:fs/promises';
import { codeOf } from '../../src/common/cause.ts';
import type { EngineInternals } from '../support/engine-internals.ts';

/** What may die: the services, the front door before it has become runc, and runc once it has. */
export const targets = ['bulkheadd', 'dockerd', 'containerd', 'front door', 'runc'] as const;
export type Target = (typeof targets)[number];

/**
 * Kills one with SIGKILL.
 *
 * @returns false when a runtime program was to die and none has come by within 10 s. Rejects when a service does not come back.
 */
export async function killOne(engine: EngineInternals, target: Target): Promise<boolean> {
  if (target === 'front door') return killRuntime(engine, '/usr/sbin/runc');
  if (target === 'runc') return killRuntime(engine, '/usr/lib/bulkhead/runc');
  await engine.replace(target);
  return true;
}

/** Kills the next `create` that runs as this program in the engine's pid namespace. Looks without a pause: it lives for some 20 ms. */
async function killRuntime(engine: EngineInternals, program: string): Promise<boolean> {
  const namespace = await readlink(`/proc/${engine.init}/ns/pid`);
  const seen = new Set(await readdir('/proc'));
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name) || (seen.has(name) && !candidates.has(name))) continue;
      seen.add(name);
      const verdict = await judge(name, namespace, program);
      if (verdict === 'kill') {
        candidates.delete(name);
        if (kill(Number(name))) return true;
      }
      if (verdict === 'later') candidates.add(name);
      else candidates.delete(name);
    }
  }
  return false;
}

/** @returns false when it has ended by itself meanwhile. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** Host pids that may still become what is looked for. */
const candidates = new Set<string>();

/** `later`: a front door may become runc, and a process between fork and exec anything. */
async function judge(pid: string, namespace: string, program: string): Promise<'kill' | 'later' | 'never'> {
  try {
    /* Another engine of this machine is another test's. */
    if ((await readlink(`/proc/${pid}/ns/pid`)) !== namespace) return 'never';
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const exe = await readlink(`/proc/${pid}/exe`);
    if (exe === program && words.includes('create')) return 'kill';
    return exe === '/usr/sbin/runc' || exe.endsWith('/containerd-shim-runc-v2') ? 'later' : 'never';
  } catch {
    return 'never'; // it has ended
  }
}
