/** Many containers at once: what the daemon, which has one thread, costs when eight ask it at a time. Root only. */
import { probe } from '../support/docker.ts';
import { type BenchmarkRow, alternate, milliseconds } from './rows.ts';
import { plain } from './runtimes.ts';
import { type BenchEngine, startBenchEngine } from './with-engine.ts';

const containers = 64;
const width = 8;

export async function benchParallel(rounds = 6): Promise<BenchmarkRow[]> {
  await using engine = await startBenchEngine();
  const start = (runtime: string) => async () => startMany(engine, runtime);
  const { a, b, ratio } = await alternate(rounds, start('bulkhead'), start(plain));
  const what = `${containers} containers started ${width} at a time`;
  return [
    { name: `${what}, isolated`, unit: 's', value: a / 1000 },
    { name: `${what}, plain runc`, unit: 's', value: b / 1000 },
    { name: `${what}, isolated / plain, median of ${rounds} pairs`, unit: 'ratio', value: ratio },
  ];
}

/** Milliseconds until all of them run. Removing them is not timed. */
async function startMany({ docker }: BenchEngine, runtime: string): Promise<number> {
  const ids: string[] = [];
  let left = containers;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      ids.push(await docker.ok(['run', '--detach', '--runtime', runtime, probe, 'sleep', '3600']));
    }
  };
  const elapsed = await milliseconds(async () => Promise.all(Array.from({ length: width }, worker)));
  await docker.ok(['rm', '--force', ...ids]);
  return elapsed;
}
