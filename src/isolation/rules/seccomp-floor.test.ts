import { expect, it } from 'vitest';
import { planFor, planWithout, refusalFor } from '../testing/expect.js';
import { engine, requestFor } from '../testing/requests.js';
import { holesIn } from '../testing/seccomp-oracle.js';
import { containerSpec, privilegedSpec } from '../testing/specs.js';

it.each([
  ["Docker's profile", containerSpec()],
  ['no profile', privilegedSpec()],
])('seccomp-floor: stays under %s', (_name, spec) => {
  expect(holesIn(planFor(requestFor(spec)).spec.linux.seccomp)).toEqual([]);
  expect(holesIn(planWithout('seccomp-floor', requestFor(spec)).spec.linux.seccomp)).not.toEqual([]);
});

it('seccomp-floor: knows what else an arm64 kernel runs', () => {
  const request = requestFor(privilegedSpec(), { engine: { ...engine, architecture: 'arm64' } });
  expect(planFor(request).spec.linux.seccomp?.architectures).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
});

it('seccomp-floor: refuses a profile with a listener outside', () => {
  const spec = containerSpec();
  const seccomp = { defaultAction: 'SCMP_ACT_ALLOW' as const, listenerPath: '/run/x' };
  const refusal = refusalFor(requestFor({ ...spec, linux: { ...spec.linux, seccomp } }));
  expect(refusal).toMatchObject({ rule: 'seccomp-floor', code: 'BH_ISOLATION_SECCOMP' });
});
