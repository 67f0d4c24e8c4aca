/** Work inside a container: what isolation costs once the container runs. Root only. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { alternate, type BenchmarkRow } from './rows.ts';
import { plain } from './runtimes.ts';
import { importWorkImage } from './work/image.ts';
import {
  dataLoads,
  fileLoad,
  type Load,
  mountLoad,
  npmLoad,
  sharedNpmLoad,
  sqliteLoad,
  timeInside,
} from './work/loads.ts';
import { startBenchEngine } from './with-engine.ts';

/** What each runtime runs, in the same order for all. */
function loadsOf(runtime: string, sharedDirectory: string): readonly Load[] {
  const volume = `bench-${runtime}`;
  const directory = join(sharedDirectory, runtime);
  return [
    fileLoad,
    npmLoad,
    mountLoad,
    sqliteLoad(volume),
    ...dataLoads(volume, 'a volume'),
    ...dataLoads(directory, 'a shared directory'),
    sharedNpmLoad(directory),
  ];
}

export async function benchWork(rounds = 10): Promise<BenchmarkRow[]> {
  await using engine = await startBenchEngine();
  const { docker, sharedDirectory } = engine;
  for (const runtime of ['bulkhead', plain]) await mkdir(join(sharedDirectory, runtime));
  await importWorkImage(docker);
  const rows: BenchmarkRow[] = [];
  for (const [index, { name }] of loadsOf('bulkhead', sharedDirectory).entries()) {
    const time = (runtime: string) => async () => {
      const load = loadsOf(runtime, sharedDirectory)[index];
      if (load === undefined) throw new Error(`no such load: ${name}`);
      return timeInside(docker, runtime, load);
    };
    const { a, b, ratio } = await alternate(rounds, time('bulkhead'), time(plain));
    rows.push(
      { name: `${name}, isolated`, unit: 'ms', value: a },
      { name: `${name}, plain runc`, unit: 'ms', value: b },
      { name: `${name}, isolated / plain, median of ${rounds} pairs`, unit: 'ratio', value: ratio },
    );
  }
  return rows;
}
