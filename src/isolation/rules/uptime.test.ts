import { describe, expect, it } from 'vitest';
import { planFor, planWithout } from '../testing/expect.js';
import { requestFor } from '../testing/requests.js';
import { containerSpec } from '../testing/specs.js';

describe('uptime', () => {
  it('begins the boot-time clock of the container at its start', () => {
    const request = requestFor(containerSpec(), { uptimeSeconds: 4711 });
    const { namespaces, timeOffsets } = planFor(request).spec.linux;
    expect(namespaces).toContainEqual({ type: 'time' });
    expect(timeOffsets).toEqual({ boottime: { secs: -4711, nanosecs: 0 } });
    expect(planWithout('uptime', request).spec.linux.timeOffsets).toBeUndefined();
  });

  it('does nothing on a kernel without time namespaces', () => {
    expect(planFor(requestFor(containerSpec())).spec.linux.timeOffsets).toBeUndefined();
  });

  it('leaves a specification that says something of time', () => {
    const spec = containerSpec();
    const timeOffsets = { monotonic: { secs: 5 } };
    const given = requestFor({ ...spec, linux: { ...spec.linux, timeOffsets } }, { uptimeSeconds: 1 });
    expect(planFor(given).spec.linux.timeOffsets).toEqual(timeOffsets);
  });
});
