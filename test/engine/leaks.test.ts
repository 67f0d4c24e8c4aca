import { beforeAll, expect, inject, test } from 'vitest';
import { createDocker, probe } from '../support/docker.ts';
import { type EngineInternals, engineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';

const docker = createDocker(inject('dockerHost'));
let engine: EngineInternals;
beforeAll(async () => {
  engine = await engineInternals(inject('enginePid'));
});

test(
  'forty containers, also failing and refused ones, leave nothing behind',
  { timeout: 120_000 },
  async () => {
    await docker.ok(['run', '--rm', probe, 'true']);
    const before = await eventually(async () => {
      const traces = await engine.traces();
      expect(traces.leases).toBe(0);
      return traces;
    }, 10_000);
    const kinds = [
      ['run', '--rm', probe, 'true'],
      ['run', '--rm', '--privileged', '-v', '/anonymous', probe, 'false'],
      ['run', '--rm', probe, 'no-such-program'],
      ['run', '--rm', '--pid=host', probe, 'true'],
      ['run', '--rm', '--read-only', '--tmpfs', '/t', probe, 'sh', '-c', 'exit 3'],
    ];
    for (let round = 0; round < 4; round += 1) {
      await Promise.all([...kinds, ...kinds].map(async (kind) => docker.run(kind)));
    }
    /* A container whose task could not be made is not removed by --rm in every version. */
    await docker.run(['container', 'prune', '-f']);
    await eventually(async () => {
      expect(await engine.traces()).toEqual(before);
    }, 20_000);
  },
);
