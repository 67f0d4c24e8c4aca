import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../support/docker.ts';
import { type EngineInternals, engineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { disjoint, parseIdMap } from '../support/id-map.ts';

/** 5000 and 64 are the full numbers of the row; `make test` takes a sample. */
const cycles = Number(process.env['BULKHEAD_CYCLES'] ?? '16');
const living = Number(process.env['BULKHEAD_LIVING'] ?? '4');
const perCycleMs = 2000;

const docker = createDocker(inject('dockerHost'));
const names = Array.from({ length: living }, () => unique('living'));
let engine: EngineInternals;
beforeAll(async () => {
  engine = await engineInternals(inject('enginePid'));
});
afterAll(async () => {
  await docker.run(['rm', '-f', ...names]);
});

test(
  `A09: ${cycles} containers come and go beside ${living}: no range meets another, none is lost`,
  { timeout: 60_000 + (cycles + living) * perCycleMs },
  async () => {
    /* The first container of an engine makes directories that stay. */
    await docker.ok(['run', '--rm', probe, 'true']);
    const before = await eventually(async () => {
      const traces = await engine.traces();
      expect(traces.leases).toBe(0);
      return traces;
    }, 10_000);
    for (const name of names) await docker.ok(['run', '-d', '--name', name, probe, 'sleep', '36000']);
    const live = await Promise.all(
      names.map(async (name) => parseIdMap(await docker.ok(['exec', name, 'cat', '/proc/self/uid_map']))),
    );
    for (let done = 0; done < cycles; done += 4) {
      const batch = Math.min(4, cycles - done);
      const maps = await Promise.all(
        Array.from({ length: batch }, async () =>
          parseIdMap(await docker.ok(['run', '--rm', probe, 'cat', '/proc/self/uid_map'])),
        ),
      );
      for (const map of maps) expect(live.filter((other) => !disjoint(map, other))).toEqual([]);
    }
    expect(
      live.filter((map, index) => live.some((other, at) => at !== index && !disjoint(map, other))),
    ).toEqual([]);
    await docker.ok(['rm', '-f', ...names]);
    await eventually(async () => {
      expect(await engine.traces()).toEqual(before);
    }, 20_000);
  },
);
