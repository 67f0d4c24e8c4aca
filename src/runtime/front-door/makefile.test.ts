import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { encodePlan } from '../plan-wire.js';
import * as fc from 'fast-check';
import { anyPlan, describeOps } from './plans.test-support.js';

mkdirSync('/tmp/runtime', { recursive: true });
const build = mkdtempSync('/tmp/runtime/make-');
afterAll(() => rmSync(build, { recursive: true, force: true }));

const make = (...targets: string[]) =>
  spawnSync('make', ['-s', '-C', import.meta.dirname, `BUILD=${build}`, 'FUZZ_RUNS=20000', ...targets], {
    encoding: 'utf8',
  });

test('the C unit tests and some fuzzing pass under the sanitizers', () => {
  const result = make('test');
  expect(result.stderr).toBe('');
  expect(result.stdout).toMatch(/^Done \d+ runs in \d+ second\(s\)\n\d+ checks, 0 failed\n$/);
  expect(result.status).toBe(0);
}, 60_000);

test('the front door reads from an encoded plan what was meant', () => {
  expect(make(`${build}/show-plan`).stderr).toBe('');
  const show = (input: Buffer, sources: number) =>
    spawnSync(`${build}/show-plan`, [String(sources)], { input });
  fc.assert(
    fc.property(anyPlan, (plan) => {
      const result = show(encodePlan(plan), 1 + plan.binds.length + plan.namespaces.length);
      expect(result.stdout.toString('utf8')).toBe(describeOps(plan));
      expect(result.status).toBe(0);
    }),
    { numRuns: 40 },
  );
  // The same bytes about fewer opened paths must not be read.
  fc.assert(
    fc.property(
      anyPlan.filter((plan) => plan.binds.length > 0),
      (plan) => {
        expect(show(encodePlan(plan), plan.binds.length).status).toBe(1);
      },
    ),
    { numRuns: 10 },
  );
}, 60_000);
