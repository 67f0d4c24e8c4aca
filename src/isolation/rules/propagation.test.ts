import { expect, it } from 'vitest';
import { planFor, planWithout, refusalFor } from '../testing/expect.js';
import { requestFor } from '../testing/requests.js';
import { containerSpec, volumeMount } from '../testing/specs.js';

function propagating(option: string, root?: string) {
  const spec = containerSpec();
  const linux = root === undefined ? spec.linux : { ...spec.linux, rootfsPropagation: root };
  return requestFor({ ...spec, linux, mounts: [volumeMount('/v', 'v', 'rbind', option)] });
}

it.each([
  ['shared', undefined],
  ['rshared', undefined],
  ['rprivate', 'shared'],
  ['rprivate', 'rshared'],
  ['rprivate', 'anything'],
])('propagation: refuses %s with root %s', (option, root) => {
  expect(refusalFor(propagating(option, root)).code).toBe('BH_ISOLATION_PROPAGATION');
  expect(planWithout('propagation', propagating(option, root)).spec.linux.rootfsPropagation).toBe(root);
});

it.each(['private', 'rprivate', 'slave', 'rslave'])('propagation: keeps %s', (option) => {
  expect(planFor(propagating(option, option)).spec.mounts?.[0]?.options).toContain(option);
});
