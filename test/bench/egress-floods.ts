/**
 * What a container that does something as fast as it can takes of another one's new connections, with one processor for each of the two: by the way out, and beside it, as one
 * that floods itself takes as much of the processor and nothing of ours.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { worldAddress } from '../support/host-world.ts';
import { processorSeconds } from '../support/process-figures.ts';
import { relayOf } from '../support/relay-of.ts';
import { port, startMeasuredEngine } from './egress-engine.ts';
import { type BenchmarkRow, median } from './rows.ts';

const rounds = 6;
const connections = '300';

/** In the words of a shell. */
const floods = {
  'opens and cuts connections': `stream flood ${worldAddress} ${port}`,
  'begins connections by half': `half-open ${worldAddress} ${port} $(hostname -i) 1 1`,
  'asks for names': 'name-flood 192.0.2.53 4000000000 $(hostname -i) 1 1',
  'opens and cuts connections to itself': `stream flood 127.0.0.1 ${port}`,
};

export async function benchEgressFloods(): Promise<BenchmarkRow[]> {
  await using measured = await startMeasuredEngine();
  const { engine, docker, image, relayed } = measured;
  const ours = [await relayOf(engine.dockerHost), engine.gateway?.pid ?? 0];
  const used = (): number => ours.reduce((sum, pid) => sum + processorSeconds(pid), 0);
  const without: number[] = [];
  const beside = Object.entries(floods).map(([name, command]) => ({
    name,
    command,
    times: new Array<number>(),
    shares: new Array<number>(),
  }));
  for (let round = 0; round < rounds; round += 1)
    for (const { command, times, shares } of beside) {
      without.push(await relayed('connect', connections));
      const flood = await docker.ok(['run', '-d', image, 'sh', '-c', `exec ${command}`]);
      // What it may do at once is over by then.
      await pause(1000);
      const [begun, before] = [performance.now(), used()];
      await pause(1000);
      shares.push(((used() - before) * 1e5) / (performance.now() - begun));
      times.push(await relayed('connect', connections));
      await docker.ok(['rm', '-f', flood]);
    }
  return [
    ...beside.flatMap(({ name, times, shares }) => [
      {
        name: `a new connection beside a container that ${name}, p50`,
        unit: 'ms',
        value: median(times) / 1000,
      },
      { name: 'of a processor for it, relay and gateway', unit: '%', value: median(shares) },
    ]),
    { name: 'a new connection without any, p50', unit: 'ms', value: median(without) / 1000 },
  ];
}
