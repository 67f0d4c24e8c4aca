/** What the files of their own for settings of the whole machine cost privileged containers. Root only. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alteredRoot } from '../support/altered-root.ts';
import { builtImageDir } from '../support/built-image.ts';
import { type Docker, probe } from '../support/docker.ts';
import { type BenchmarkRow, pairs } from './rows.ts';
import { startBenchEngine } from './with-engine.ts';

const privileged = ['run', '--rm', '--privileged', probe];
/** One of the files; the VM's own setting cannot be written. */
const write = [...privileged, 'sh', '-c', 'echo 1 > /proc/sys/vm/overcommit_memory'];

/**
 * Two engines on one machine, alike but for the rule: both with a daemon bundled here and laid over the image's root, so that neither
 * has another root than the other.
 */
export async function benchSettings(rounds = 100): Promise<BenchmarkRow[]> {
  await using stack = new AsyncDisposableStack();
  const start = async (name: string, rules: readonly string[]): Promise<Docker> => {
    const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-root-'));
    stack.defer(() => rm(dir, { recursive: true, force: true }));
    const root = await alteredRoot(join(await builtImageDir(), 'root.erofs'), dir, rules);
    stack.defer(() => root.unmount());
    return stack.use(await startBenchEngine(name, root.path)).docker;
  };
  const served = await start('bench-files', []);
  const without = await start('bench-no-files', ['setting-files']);
  await served.ok(write);
  if ((await without.run(write)).status === 0) throw new Error('the two engines do not differ by the rule');
  const result = await pairs(
    rounds,
    () => served.ok([...privileged, 'true']),
    () => without.ok([...privileged, 'true']),
  );
  return [
    { name: 'docker run --rm --privileged, with files for settings', unit: 'ms', value: result.a },
    { name: 'docker run --rm --privileged, without them', unit: 'ms', value: result.b },
    { name: 'files for settings, median of differences', unit: 'ms', value: result.difference },
    { name: 'files for settings, with / without, median of pairs', unit: 'ratio', value: result.ratio },
  ];
}
