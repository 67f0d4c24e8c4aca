import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import type { EngineInternals } from './engine-internals.ts';

/** What the process is told; the last one counts. */
export const orderSchema = z.object({
  authority: z.object({ certificate: z.string(), privateKey: z.string() }),
  /** By whom registries have certificates; PEM. */
  world: z.string(),
  /** Registries by their names: ports of the engine's loopback. */
  registries: z.record(z.string(), z.number()),
  insecure: z.array(z.string()),
  /** The policy's part of that name. */
  bulkhead: z.looseObject({}),
});
export type TrafficOrder = z.infer<typeof orderSchema>;

const reportSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), memory: z.number() }),
  z.object({
    kind: z.literal('decided'),
    host: z.string(),
    operation: z.string(),
    /** The code of the refusal. */
    refusal: z.string(),
  }),
  z.object({
    kind: z.literal('pulled'),
    names: z.array(z.looseObject({ digest: z.string() })),
    layers: z.array(z.string()).optional(),
  }),
]);
export type TrafficReport = z.infer<typeof reportSchema>;

export interface TestedEngineTraffic extends AsyncDisposable {
  readonly reports: TrafficReport[];
  /** Another order from now on. @returns bytes of memory the process has. */
  tell(order: Partial<Omit<TrafficOrder, 'authority'>>): Promise<number>;
}

const program = fileURLToPath(new URL('engine-traffic-process.ts', import.meta.url));
/** Of nobody (RFC 5737); in the engine's network they are its own. */
const address = (at: number): string => `198.51.100.${at + 1}`;

/** Ends the connections of an engine that has no way out to registries of these names, at ports 443 and 80. */
export async function startEngineTraffic(
  internals: EngineInternals,
  names: readonly string[],
  first: TrafficOrder,
): Promise<TestedEngineTraffic> {
  const inNetwork = ['-t', String(internals.init), '-n'];
  for (const [at, name] of names.entries()) {
    await execa('/usr/bin/nsenter', [...inNetwork, 'ip', 'addr', 'add', `${address(at)}/32`, 'dev', 'lo']);
    await appendFile(internals.path('/etc/hosts'), `${address(at)} ${name}\n`);
  }
  // As much for what is young as the gateway's own thread has (`engine-thread.ts`).
  const young = '--max-semi-space-size=1';
  const child = spawn('/usr/bin/nsenter', [...inNetwork, process.execPath, young, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const reports: TrafficReport[] = [];
  const lines = createInterface({ input: child.stdout });
  let readies: ((memory: number) => void)[] = [];
  lines.on('line', (line) => {
    const report = reportSchema.parse(JSON.parse(line));
    if (report.kind === 'ready') readies.shift()?.(report.memory);
    else reports.push(report);
  });
  let order = first;
  const tell: TestedEngineTraffic['tell'] = async (change) => {
    order = { ...order, ...change };
    const ready = new Promise<number>((resolve, reject) => {
      readies = [...readies, resolve];
      child.once('exit', () => reject(new Error('the process that ends traffic has ended')));
    });
    child.stdin.write(`${JSON.stringify(order)}\n`);
    return ready;
  };
  await tell({});
  return {
    reports,
    tell,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}
