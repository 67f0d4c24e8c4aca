import { describe, expect, it } from 'vitest';
import type { Process } from '../../oci/process.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import { buildStep, requestFor } from '../testing/requests.js';
import { buildSpec, containerSpec } from '../testing/specs.js';

function running(over: Partial<Process>) {
  const spec = containerSpec();
  return requestFor({ ...spec, process: { user: { uid: 0, gid: 0 }, cwd: '/', ...spec.process, ...over } });
}

describe('process', () => {
  it.each([
    [-1000, -400],
    [-400, -400],
    [500, 500],
  ])('raises oom_score_adj %i to %i', (asked, given) => {
    expect(planFor(running({ oomScoreAdj: asked })).spec.process?.oomScoreAdj).toBe(given);
    expect(planWithout('process', running({ oomScoreAdj: asked })).spec.process?.oomScoreAdj).toBe(asked);
  });

  it('raises oom_score_adj to what the engine may give', () => {
    const request = running({ oomScoreAdj: -300 });
    const weak = { ...request, engine: { ...request.engine, lowestOomScoreAdj: 0 } };
    expect(planFor(weak).spec.process?.oomScoreAdj).toBe(0);
    expect(planFor(request).spec.process?.oomScoreAdj).toBe(-300);
  });

  it('gives a build step, which has none, an oom_score_adj: it would inherit that of the engine', () => {
    const request = requestFor(buildSpec(), { container: buildStep });
    expect(planWithout('process', request).spec.process).not.toHaveProperty('oomScoreAdj');
    expect(planFor(request).spec.process?.oomScoreAdj).toBe(0);
    const weak = { ...request, engine: { ...request.engine, lowestOomScoreAdj: 200 } };
    expect(planFor(weak).spec.process?.oomScoreAdj).toBe(200);
  });

  it.each([
    [{ user: { uid: 65_536, gid: 0 } }, 'user 65536'],
    [{ user: { uid: 65_535, gid: 70_000 } }, 'group 70000'],
    [{ user: { uid: 0, gid: 0, additionalGids: [1, 4_294_967_295] } }, 'group 4294967295'],
    [{ scheduler: { policy: 'SCHED_FIFO' } }, 'SCHED_FIFO'],
    [{ scheduler: { policy: 'SCHED_DEADLINE' } }, 'SCHED_DEADLINE'],
    [{ ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 0 } }, 'IOPRIO_CLASS_RT'],
  ])('refuses %o', (over, text) => {
    expect(refusalFor(running(over))).toMatchObject({
      rule: 'process',
      message: containing(text),
    });
    expect(planWithout('process', running(over)).spec.process).toMatchObject(over);
  });

  it('lets the highest id, idle scheduling, capabilities and rlimits be', () => {
    const request = running({ user: { uid: 65_535, gid: 65_535 }, scheduler: { policy: 'SCHED_IDLE' } });
    expect(planFor(request).spec.process).toEqual(request.spec.process);
  });
});
