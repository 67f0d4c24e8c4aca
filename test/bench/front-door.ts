/**
 * What the front door costs beyond runc: a container of 20 layers and 10 volumes is asked for again and again, with a program
 * that ends at once in the place of runc, against that program alone. And how long the daemon takes to plan it.
 */
import { execa } from 'execa';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { withControl } from '../support/control.ts';
import { type Docker, probe } from '../support/docker.ts';
import type { EngineInternals } from '../support/engine-internals.ts';
import { type BenchmarkRow, pairs, quantile } from './rows.ts';

const layers = 20;
const volumes = 10;
/** Places in the engine's root, a tmpfs. */
const frontDoor = '/tmp/bench-front-door';
const nothing = '/tmp/bench-nothing';
const runtimeRoot = '/run/bench';

const plannedSchema = z.looseObject({
  audit: z.literal('container'),
  runtimeRoot: z.literal(runtimeRoot),
  outcome: z.string(),
  planMilliseconds: z.number(),
});

export async function benchFrontDoor(
  docker: Docker,
  internals: EngineInternals,
  controlSocket: string,
  rounds: number,
): Promise<BenchmarkRow[]> {
  const { id, create } = await prepare(docker, internals);
  const call = (program: string, args: readonly string[]) =>
    execa('/usr/bin/nsenter', ['-t', String(internals.init), '-m', '-p', '--', program, ...args]);
  const cost = await pairs(
    rounds,
    () => call(frontDoor, create.slice(1)),
    () => call(nothing, create.slice(1)),
  );
  await docker.ok(['rm', '-f', id]);
  const plans = await planTimes(controlSocket);
  if (plans.length !== rounds + 1) throw new Error(`${plans.length} plans were made in ${rounds + 1} rounds`);
  const name = `${layers} layers and ${volumes} volumes`;
  return [
    { name: `front door beyond runc, ${name}, median of pairs`, unit: 'ms', value: cost.difference },
    { name: `front door beyond runc, ${name}, fastest calls`, unit: 'ms', value: cost.leastDifference },
    { name: `plan of ${name} in the daemon, p50`, unit: 'ms', value: quantile(plans, 0.5) },
    { name: `plan of ${name} in the daemon, p99`, unit: 'ms', value: quantile(plans, 0.99) },
  ];
}

/** Starts the container; `create` is the command line that asks for it once more. */
async function prepare(
  docker: Docker,
  internals: EngineInternals,
): Promise<{ id: string; create: string[] }> {
  await buildPrograms(internals);
  const id = await startContainer(docker);
  const bundle = `/run/containerd/io.containerd.runtime.v2.task/moby/${id}`;
  return { id, create: [frontDoor, '--root', runtimeRoot, 'create', '--bundle', bundle, id] };
}

/** A front door as in the image but for what it starts, and that. */
async function buildPrograms(internals: EngineInternals): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  try {
    await writeFile(join(dir, 'nothing.c'), 'int main(void) { return 0; }\n');
    await execa('gcc', ['-O2', '-static', '-s', '-o', join(dir, 'nothing'), join(dir, 'nothing.c')]);
    const source = join(import.meta.dirname, '../../src/runtime/front-door');
    const defines = `-DBH_REAL_RUNC='"${nothing}"'`;
    const target = join(dir, 'bulkhead-runtime');
    await execa('make', ['-s', '-C', source, `BUILD=${dir}`, `DEFINES=${defines}`, target]);
    for (const [from, to] of [
      [target, frontDoor],
      [join(dir, 'nothing'), nothing],
    ] as const) {
      await copyFile(from, internals.path(to));
      await chmod(internals.path(to), 0o755);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** @returns its id; its bundle is there as long as it runs. */
async function startContainer(docker: Docker): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  try {
    const copies = Array.from({ length: layers - 1 }, (_, layer) => `COPY Dockerfile /layer-${layer}\n`);
    await writeFile(join(context, 'Dockerfile'), `FROM ${probe}\n${copies.join('')}`);
    await docker.ok(['build', '-q', '-t', 'bench-layers', context]);
  } finally {
    await rm(context, { recursive: true });
  }
  const binds = Array.from({ length: volumes }, (_, at) => ['-v', `bench-${at}:/volume-${at}`]);
  return await docker.ok(['run', '-d', ...binds.flat(), 'bench-layers', 'sleep', '600']);
}

/** Without the time in which the front door opens and describes, and its messages travel. */
async function planTimes(controlSocket: string): Promise<number[]> {
  const times: number[] = [];
  await withControl(controlSocket, async (channel) => {
    for await (const line of channel.logs({ service: 'bulkheadd' })) {
      const event = plannedSchema.safeParse(JSON.parse(line)).data;
      if (event?.outcome === 'planned') times.push(event.planMilliseconds);
    }
  });
  return times;
}
