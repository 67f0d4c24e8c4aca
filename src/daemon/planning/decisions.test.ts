import { expect, it } from 'vitest';
import { requestFor } from '../../isolation/testing/requests.js';
import { containerSpec } from '../../isolation/testing/specs.js';
import { serialiseRuntimeSpec } from '../../oci/runtime-spec.js';
import { Decisions, type Judged } from './decisions.js';

function judged(): Judged {
  const { spec, ...request } = requestFor(containerSpec());
  return { ...request, config: serialiseRuntimeSpec(spec) };
}

it('explains from the kept question', () => {
  const decisions = new Decisions(() => new Set());
  expect(decisions.note('a', judged())).toBe(false);
  expect(decisions.explain('a')?.refusals).toEqual([]);
  expect(decisions.explain('a')?.changes.map(({ rule }) => rule)).toContain('user-namespace');
  expect(decisions.explain('b')).toBeUndefined();
});

it('keeps the containers that hold ids, and of the others the last ones', () => {
  const live = new Set(['0', '5']);
  const decisions = new Decisions(() => live);
  for (let id = 0; id < 1000; id += 1) decisions.note(String(id), judged());
  const known = Array.from({ length: 1000 }, (_, id) => String(id)).filter((id) => decisions.explain(id));
  expect(known).toEqual(['0', '5', ...Array.from({ length: 32 }, (_, at) => String(968 + at))]);
});

it('has one container refused for as long as it is only explained', () => {
  const decisions = new Decisions(() => new Set());
  const only = decisions.onlyExplain('trial');
  expect(decisions.note('trial', judged())).toBe(true);
  expect(decisions.note('other', judged())).toBe(false);
  only.release();
  expect(decisions.explain('trial')).toBeUndefined();
  expect(decisions.note('trial', judged())).toBe(false);
});
