/** Work inside a container: what isolation costs once the container runs. Root only. */
import { alternate, type BenchmarkRow } from './rows.ts';
import { plain } from './runtimes.ts';
import { importWorkImage } from './work/image.ts';
import { fileLoad, type Load, mountLoad, npmLoad, sqliteLoad, timeInside } from './work/loads.ts';
import { startBenchEngine } from './with-engine.ts';

export async function benchWork(rounds = 10): Promise<BenchmarkRow[]> {
  await using engine = await startBenchEngine();
  const { docker } = engine;
  await importWorkImage(docker);
  const loads: readonly ((runtime: string) => Load)[] = [
    () => fileLoad,
    () => npmLoad,
    () => mountLoad,
    (runtime) => sqliteLoad(`bench-${runtime}`),
  ];
  const rows: BenchmarkRow[] = [];
  for (const load of loads) {
    const time = (runtime: string) => async () => timeInside(docker, runtime, load(runtime));
    const { a, b, ratio } = await alternate(rounds, time('bulkhead'), time(plain));
    const { name } = load('');
    rows.push(
      { name: `${name}, isolated`, unit: 'ms', value: a },
      { name: `${name}, plain runc`, unit: 'ms', value: b },
      { name: `${name}, isolated / plain, median of ${rounds} pairs`, unit: 'ratio', value: ratio },
    );
  }
  return rows;
}
