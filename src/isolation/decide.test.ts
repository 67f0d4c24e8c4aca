import { expect, it } from 'vitest';
import { parseRuntimeSpec, serialiseRuntimeSpec } from '../oci/runtime-spec.js';
import { decide } from './decide.js';
import type { IsolationRequest } from './request.js';
import { isolationRules } from './rules.js';
import { sourcesOf } from './sources.js';
import { buildStep, overlayAt, requestFor } from './testing/requests.js';
import { buildSpec, containerSpec, mount, privilegedSpec } from './testing/specs.js';

/** A step that has an earlier stage mounted. */
function buildRequest(): IsolationRequest {
  const spec = buildSpec();
  const source = '/var/lib/docker/overlay2/2222/merged';
  const mounts = [...(spec.mounts ?? []), mount('/tools', 'bind', source, 'rbind', 'ro')];
  const request = requestFor({ ...spec, mounts }, { container: buildStep });
  return { ...request, facts: [...request.facts.slice(0, -1), overlayAt(source, '2222')] };
}

const requests: [string, IsolationRequest][] = [
  ['container', requestFor(containerSpec())],
  ['privileged', requestFor(privilegedSpec())],
  ['build-step', buildRequest()],
];

it.each(requests)('the plan of a %s is as reviewed', async (name, request) => {
  const decision = decide(request);
  if (decision.kind === 'refusal') throw new Error(decision.refusal.message);
  const { spec, ...plan } = decision.plan;
  const { seccomp, ...linux } = spec.linux;
  // Without the profile's long allow list, which is not worth reading.
  const shown = {
    ...plan,
    spec: {
      ...spec,
      linux: { ...linux, seccomp: seccomp?.syscalls?.filter(({ names }) => names.length < 50) },
    },
  };
  const text = JSON.stringify(
    shown,
    (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
    2,
  );
  await expect(`${text}\n`).toMatchFileSnapshot(`testing/golden/${name}.golden`);
});

it.each(requests)('the specification of a %s passes its own parser unchanged', (_name, request) => {
  const decision = decide(request);
  if (decision.kind === 'refusal') throw new Error(decision.refusal.message);
  const text = serialiseRuntimeSpec(decision.plan.spec);
  expect(parseRuntimeSpec(text)).toEqual({ ok: true, spec: decision.plan.spec });
  expect(text.includes('18446744073709551615')).toBe((request.spec.process?.rlimits ?? []).length > 0);
});

it('does not change its request', () => {
  const request = requestFor(privilegedSpec());
  const before = structuredClone(request);
  decide(request);
  expect(request).toEqual(before);
});

it('names the sources in the order of the mounts, the root first', () => {
  expect(sourcesOf(containerSpec()).map((path) => path.split('/').slice(-2).join('/'))).toEqual([
    '1111/merged',
    'config/_data',
    'data/_data',
    `${'c0ffee'.repeat(10)}c0ff/resolv.conf`,
    `${'c0ffee'.repeat(10)}c0ff/hostname`,
    `${'c0ffee'.repeat(10)}c0ff/hosts`,
  ]);
});

it('has no two rules of one name', () => {
  const names = isolationRules.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
