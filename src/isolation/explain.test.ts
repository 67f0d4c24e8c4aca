import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide } from './decide.js';
import { differences } from './differences.js';
import { explain } from './explain.js';
import { isolationRules } from './rules.js';
import { hostileRequests } from './testing/hostile.js';
import { buildStep, othersNetwork, requestFor } from './testing/requests.js';
import { containerSpec, insecureBuildSpec, privilegedSpec } from './testing/specs.js';

it(
  'refuses what is refused, first for the same reason and in the same words, and nothing else',
  { timeout: 60_000 },
  () => {
    let refused = 0;
    fc.assert(
      fc.property(hostileRequests, (request) => {
        const decision = decide(request);
        const { refusals } = explain(request);
        if (decision.kind === 'refusal') refused += 1;
        expect(refusals[0]).toEqual(decision.kind === 'refusal' ? decision.refusal : undefined);
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(50);
  },
);

it(
  'names every field that differs between what was asked for and what is made, and no other',
  { timeout: 60_000 },
  () => {
    let plans = 0;
    fc.assert(
      fc.property(hostileRequests, (request) => {
        const decision = decide(request);
        if (decision.kind === 'refusal') return;
        plans += 1;
        const told = new Set(explain(request).changes.map(({ what }) => what.split(/[.[]/, 2).join('.')));
        const seen = differences(request.spec, decision.plan.spec).map(({ what }) =>
          what.split(/[.[]/, 2).join('.'),
        );
        for (const what of seen) expect(told).toContain(what);
      }),
      { numRuns: 1500 },
    );
    expect(plans).toBeGreaterThan(20);
  },
);

it('goes on after a refusal', () => {
  const spec = containerSpec();
  const namespaces = (spec.linux.namespaces ?? []).filter(({ type }) => type !== 'pid');
  const linux = { ...spec.linux, namespaces, sysctl: { 'kernel.core_pattern': 'x' } };
  const { refusals } = explain(requestFor({ ...spec, linux }));
  expect(refusals.map(({ rule }) => rule)).toEqual(['namespaces', 'sysctl']);
});

it('says of a privileged container what it does not get', () => {
  const { refusals, changes } = explain(requestFor(privilegedSpec()));
  expect(refusals).toEqual([]);
  const told = changes.map(({ rule, what }) => `${rule} ${what}`);
  expect(told).toContain('user-namespace linux.namespaces[user]');
  expect(told).toContain('seccomp-floor linux.seccomp');
  const devices = changes.filter(({ rule, before }) => rule === 'devices' && before !== undefined);
  expect(devices.map(({ what }) => what)).toContain('linux.devices[/dev/vda]');
});

it('says of a build step with every entitlement what became of them', () => {
  const spec = insecureBuildSpec();
  const namespaces = (spec.linux.namespaces ?? []).filter(({ type }) => type !== 'network');
  const request = requestFor({ ...spec, linux: { ...spec.linux, namespaces } }, { container: buildStep });
  expect(explain(request).refusals.map(({ code }) => code)).toEqual([
    'BH_ISOLATION_BUILD_INSECURE',
    'BH_ISOLATION_BUILD_HOST_NETWORK',
  ]);
  const { refusals, changes } = explain({
    ...request,
    policy: { ...request.policy, buildHostNetwork: 'private', buildInsecure: 'confined' },
    builderNetwork: othersNetwork,
  });
  expect(refusals).toEqual([]);
  const network = changes.find(({ what }) => what === 'linux.namespaces[network]');
  expect(network).toMatchObject({ rule: 'namespaces', after: { path: '/run/bulkhead/stage/b6' } });
  const told = changes.map(({ rule, what }) => `${rule} ${what}`);
  expect(told).toContain('devices linux.devices[/dev/vda]');
  expect(told).toContain('seccomp-floor linux.seccomp');
});

it('has a reason of every rule', () => {
  for (const { why } of isolationRules) expect(why).toMatch(/^[a-z].{20,}[^.]$/);
});

it.each([
  [{ a: 1n }, { a: 1n }, []],
  [
    { a: ['x', 'y'] },
    { a: ['y', 'z'] },
    [
      { what: 'a[]', before: 'x' },
      { what: 'a[]', after: 'z' },
    ],
  ],
  [{ a: ['x', 'x'] }, { a: ['x'] }, [{ what: 'a[]', before: 'x' }]],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, [{ what: 'a.c', before: 2 }]],
  [
    { mounts: [{ destination: '/d', options: ['rw'] }] },
    { mounts: [{ destination: '/e' }, { destination: '/d', options: ['ro'] }] },
    [
      { what: 'mounts[/e]', after: { destination: '/e' } },
      { what: 'mounts[/d].options[]', before: 'rw' },
      { what: 'mounts[/d].options[]', after: 'ro' },
    ],
  ],
])('tells differences small (%#)', (before, after, expected) => {
  expect(differences(before, after)).toEqual(expected);
});
