import { execa } from 'execa';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { changeEngineConfiguration, plain } from '../runtimes.ts';
import { type BenchEngine, startBenchEngine } from '../with-engine.ts';

/**
 * A second engine whose dockerd has `userns-remap` and runs plain runc: what Docker itself offers. Its read-only `/etc` is
 * covered by a copy with the account and the ranges that dockerd looks for.
 */
export async function startRemappedEngine(): Promise<BenchEngine> {
  const engine = await startBenchEngine('bench-remap');
  try {
    const { internals } = engine;
    const tools = internals.path('/run/bench');
    await mkdir(tools, { recursive: true });
    await cp('/usr/bin/busybox', `${tools}/busybox`);
    await chmod(`${tools}/busybox`, 0o755);
    const enter = ['-t', String(internals.init), '-m', '-p', '--', '/run/bench/busybox'];
    const inside = async (...args: string[]): Promise<unknown> =>
      execa('/usr/bin/nsenter', [...enter, ...args]);
    await inside('cp', '-a', '/etc', '/run/bench/etc');
    const account = 'dockremap';
    const add = async (file: string, line: string): Promise<void> =>
      writeFile(`${tools}/etc/${file}`, `${line}\n`, { flag: 'a' });
    await add('passwd', `${account}:x:65000:65000::/:/bin/false`);
    await add('group', `${account}:x:65000:`);
    for (const file of ['subuid', 'subgid']) await add(file, `${account}:1000000:65536`);
    await inside('mount', '-o', 'bind', '/run/bench/etc', '/etc');
    await changeEngineConfiguration(internals, (config) => {
      config['userns-remap'] = account;
      config['default-runtime'] = plain;
    });
    // PID 1 lets no symbolic link be followed there, which dockerd's plain overlays of its own cannot do without.
    await inside('mount', '-o', 'remount,bind,nodev', 'none', '/var/lib/docker');
    await restart(engine);
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

/** bulkheadd starts a dockerd that ended again. */
async function restart({ docker, internals }: BenchEngine): Promise<void> {
  await internals.replace('dockerd', 'SIGTERM');
  const deadline = AbortSignal.timeout(60_000);
  while (!deadline.aborted) {
    const { status, stdout } = await docker.run(['info', '--format', '{{.SecurityOptions}}']);
    if (status === 0 && stdout.includes('name=userns')) return;
    await sleep(100);
  }
  throw new Error('dockerd did not come back with userns-remap');
}
