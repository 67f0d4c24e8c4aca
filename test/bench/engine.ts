/** Isolated containers beside plain runc, on the same engine in native mode. Root only. */
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNativeEngine } from '../../dist/vm/native/index.js';
import { builtImageDir } from '../support/built-image.ts';
import { readStatus } from '../support/control.ts';
import { createDocker, probe } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { benchFrontDoor } from './front-door.ts';
import { type BenchmarkRow, pairs } from './rows.ts';
import { addPlainRuntime, plain } from './runtimes.ts';

export async function benchEngine(rounds = 20): Promise<BenchmarkRow[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  await using engine = await startNativeEngine({
    name: `bench-${process.pid}`,
    root: join(await builtImageDir(), 'root.erofs'),
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
    signal: AbortSignal.timeout(60_000),
  });
  try {
    const internals = await engineInternals(engine.pid);
    // The gate would have every container isolated.
    const docker = createDocker(internals.rawHost);
    await addPlainRuntime(internals, docker);
    const { init } = internals;
    const run = (runtime: string) => async () =>
      docker.ok(['run', '--rm', '--runtime', runtime, probe, 'true']);
    const start = await pairs(rounds, run('bulkhead'), run(plain));
    const inside = (program: string) => async () =>
      execa('/usr/bin/nsenter', ['-t', String(init), '-m', '-p', '--', program, '--version']);
    const call = await pairs(rounds * 2, inside('/usr/sbin/runc'), inside('/usr/lib/bulkhead/runc'));
    const frontDoor = await benchFrontDoor(docker, internals, engine.controlSocket, rounds * 5);
    const status = await readStatus(engine.controlSocket);
    return [
      { name: 'docker run --rm, isolated', unit: 'ms', value: start.a },
      { name: 'docker run --rm, plain runc', unit: 'ms', value: start.b },
      { name: 'docker run --rm, isolated / plain, median of pairs', unit: 'ratio', value: start.ratio },
      { name: 'runtime call other than create, through the front door', unit: 'ms', value: call.a },
      { name: 'runtime call other than create, runc itself', unit: 'ms', value: call.b },
      { name: 'front door over runc, other calls', unit: 'ms', value: call.a - call.b },
      ...frontDoor,
      { name: 'resident memory of bulkheadd', unit: 'MB', value: status.memory.residentBytes / 1e6 },
    ];
  } finally {
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
