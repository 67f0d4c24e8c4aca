import { expect, it } from 'vitest';
import { planFor, planWithout } from '../testing/expect.js';
import { requestFor } from '../testing/requests.js';
import { containerSpec } from '../testing/specs.js';

const spec = containerSpec();
const remapped = {
  ...spec,
  linux: {
    ...spec.linux,
    namespaces: [...(spec.linux.namespaces ?? []), { type: 'user' as const, path: '/proc/1/ns/user' }],
    uidMappings: [{ containerID: 0, hostID: 0, size: 4_294_967_295 }],
    gidMappings: [{ containerID: 0, hostID: 0, size: 4_294_967_295 }],
  },
};

it.each([
  ['none', spec],
  ["the host's", remapped],
])('user-namespace: replaces %s by one with the leased range', (_name, given) => {
  const { linux } = planFor(requestFor(given)).spec;
  expect(linux.namespaces?.filter(({ type }) => type === 'user')).toEqual([{ type: 'user' }]);
  expect(linux.uidMappings).toEqual([{ containerID: 0, hostID: 524_288, size: 65_536 }]);
  expect(linux.gidMappings).toEqual(linux.uidMappings);
  expect(planWithout('user-namespace', requestFor(given)).spec.linux.uidMappings).toEqual(
    given.linux.uidMappings,
  );
});
